/** @import { OpenWindow, QueryInfo, Row } from "../../api.ts" */
/** @import { Page, State } from "../model/state.js" */
/** @import { TableColumn } from "../parts/table.js" */
import { h, keyed, setAttribute, setProperty, setText } from "../base/dom.js";
import { sparkline } from "../charts/sparkline.js";
import { counted, formatCount } from "../format/numbers.js";
import { formatMinute, formatSecond, formatWindow } from "../format/times.js";
import { tellingWindow } from "../model/open-window-choice.js";
import { provisionalWords } from "../model/pipeline-words.js";
import { countOf, keysOf, measuresOf, queryBy } from "../model/query-shapes.js";
import { sumOf } from "../model/window-series.js";
import { keyCell, linkCell, paintKey, paintLink } from "../parts/key-cell.js";
import { measureColumns } from "../parts/measure-cells.js";
import { panel } from "../parts/panel.js";
import { dataTable } from "../parts/table.js";

const ROWS = 10;

/**
 * The windows that are still open: how full each is, and the first rows of one of them. All of it provisional.
 * @param {object} look
 * @param {string} look.title
 * @param {(state: State) => QueryInfo | undefined} look.query
 * @param {string} look.without says which query is missing
 * @param {(key: string) => string} [look.link]
 * @param {Page} page
 */
export function openPanel({ title, query: find, without, link }, { repaint }) {
  /** @type {number | null} */
  let chosenMs = null;
  const strip = h("div", { class: "window-strip", role: "radiogroup", "aria-label": "Open windows" });
  const about = h("p", { class: "lead" });
  const table = dataTable({
    label: title,
    key: (/** @type {Row} */ row) =>
      JSON.stringify(Object.values(row).filter((value) => typeof value === "string")),
  });
  const shell = panel({ title, wide: true, provisional: true }, strip, about, table.node);
  const name = `open-${title}`;

  /** @param {readonly OpenWindow[]} windows @param {QueryInfo | undefined} totals @param {QueryInfo} query @param {OpenWindow} shown */
  const paintStrip = (windows, totals, query, shown) => {
    const counting =
      totals !== undefined && windows.every(({ queries }) => totals.name in queries) ? totals : query;
    const measure = countOf(counting) ?? "";
    const fill = windows.map(({ queries }) => sumOf(queries[counting.name]?.rows ?? [], measure));
    const greatest = Math.max(1, ...fill);
    keyed(strip, windows, {
      key: ({ startMs, endMs }) => `${startMs} ${endMs}`,
      create: ({ startMs }) =>
        h(
          "label",
          {},
          h("input", {
            type: "radio",
            name,
            on: {
              change: () => {
                chosenMs = startMs;
                repaint();
              },
            },
          }),
          h("span", { class: "strip-bar" }),
          h("span", { class: "strip-time" }),
        ),
      update(element, { startMs, endMs }, index) {
        const [input, bar, time] = element.children;
        if (input.checked !== (startMs === shown.startMs)) input.checked = startMs === shown.startMs;
        setAttribute(
          input,
          "aria-label",
          `${formatWindow(startMs, endMs)}, ${formatCount(fill[index])} events so far`,
        );
        setAttribute(element, "title", `${formatWindow(startMs, endMs)}: ${formatCount(fill[index])}`);
        setProperty(bar, "--share", ((fill[index] ?? 0) / greatest).toFixed(4));
        setText(time, formatMinute(startMs));
      },
    });
  };

  return {
    node: shell.node,
    /** @param {State} state */
    paint(state) {
      const { pipeline, provisional, closedThroughMs } = state;
      const query = find(state);
      const why = provisionalWords(pipeline);
      if (why !== null) return shell.instead("empty", why);
      if (pipeline === null || state.queries === null)
        return shell.instead("loading", "Waiting for the first news…");
      if (query === undefined) return shell.instead("empty", without);
      const windows = (provisional?.windows ?? []).filter(
        ({ endMs, queries }) =>
          query.name in queries && (closedThroughMs === null || endMs > closedThroughMs),
      );
      const shown =
        windows.find(({ startMs }) => startMs === chosenMs) ??
        tellingWindow(windows, pipeline.greatestMs, query.name);
      const found = shown?.queries[query.name];
      if (shown === undefined || found === undefined) return shell.instead("empty", "No window is open.");
      paintStrip(windows, queryBy(state.queries, []), query, shown);
      const rows = found.rows.slice(0, ROWS);
      setText(
        about,
        `${formatWindow(shown.startMs, shown.endMs)} UTC as of ${formatSecond(shown.asOfMs)} · ${rows.length} of ${counted(found.keys, "row")}`,
      );
      table.paint(columnsOf(query, rows, windows, link), rows);
      shell.content();
    },
  };
}

/**
 * @param {QueryInfo} query
 * @param {readonly Row[]} rows
 * @param {readonly OpenWindow[]} windows
 * @param {((key: string) => string) | undefined} link
 * @returns {TableColumn<Row>[]}
 */
function columnsOf(query, rows, windows, link) {
  const keys = keysOf(query);
  const first = measuresOf(query)[0]?.name ?? "";
  const greatest = Math.max(1e-9, ...rows.map((row) => Number(row[first] ?? 0)));
  /** @param {Row} row */
  const textOf = (row) => keys.map((key) => row[key] ?? "").join(" · ");
  /** @type {TableColumn<Row>} */
  const name = {
    title: keys.length === 0 ? "all events" : keys.join(" · "),
    kind: "text",
    create: link === undefined ? keyCell : linkCell,
    update(cell, row) {
      const text = keys.length === 0 ? "all" : textOf(row);
      const share = Number(row[first] ?? 0) / greatest;
      if (link === undefined) paintKey(cell, text, share);
      else paintLink(cell, text, share, link(text));
    },
  };
  const [value, ...others] = measureColumns(measuresOf(query));
  return [
    name,
    ...(value === undefined ? [] : [value]),
    trendColumn(query.name, first, windows, textOf),
    ...others,
  ];
}

/** @type {WeakMap<Element, ReturnType<typeof sparkline>>} */
const lines = new WeakMap();

/** @param {string} query @param {string} measure @param {readonly OpenWindow[]} windows @param {(row: Row) => string} textOf @returns {TableColumn<Row>} */
function trendColumn(query, measure, windows, textOf) {
  const byWindow = windows.map(
    ({ queries }) =>
      new Map((queries[query]?.rows ?? []).map((row) => [textOf(row), Number(row[measure] ?? 0)])),
  );
  return {
    title: "trend",
    about: "over the open windows in which it is among the first",
    kind: "picture",
    create() {
      const line = sparkline();
      lines.set(line.node, line);
      return line.node;
    },
    update: (cell, row) =>
      lines
        .get(/** @type {Element} */ (cell.firstElementChild))
        ?.paint(byWindow.map((window) => window.get(textOf(row)) ?? 0)),
  };
}
