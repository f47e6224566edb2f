/** @import { QueryInfo } from "../../api.ts" */
/** @import { Page, State } from "../model/state.js" */
/** @import { Shares } from "../model/shares.js" */
/** @import { Stretch } from "../model/stretch.js" */
/** @import { WindowRows } from "../model/window-series.js" */
import { h, setText } from "../base/dom.js";
import { categoryColour } from "../charts/colours.js";
import { timeChart } from "../charts/time-chart.js";
import { formatCount, formatPoints, formatShare } from "../format/numbers.js";
import { formatMinute, formatWindow } from "../format/times.js";
import { countOf } from "../model/query-shapes.js";
import { shareIn, sharesOf } from "../model/shares.js";
import { finalWindows, openWindowsOf } from "../model/window-series.js";
import { historyPanel } from "../parts/history-panel.js";
import { keyCell, paintKey } from "../parts/key-cell.js";
import { NOTHING_THERE, stretchQuestion, windowsLead } from "../parts/stretch-question.js";
import { column, dataTable } from "../parts/table.js";

const HOUR_MS = 3_600_000;

/** @typedef {{ query: QueryInfo, stretch: Stretch }} Asked */
/** @typedef {{ part: string, index: number, now: number | null, before: number | null, events: number }} PartRow */

/**
 * The shares of the values of a key, window by window, stacked over time; and the latest final window against the one an
 * hour before.
 * @param {object} look
 * @param {string} look.title
 * @param {string} look.key
 * @param {(state: State) => QueryInfo | undefined} look.query
 * @param {string} look.without says which query is missing
 * @param {Page} page
 */
export function sharePanel({ title, key, query: find, without }, { repaint }) {
  const chart = timeChart({
    label: `${title}: shares of events`,
    format: formatShare,
    formatAxis: (share) => `${Math.round(share * 100)} %`,
    shape: "shares",
    height: 240,
  });
  const table = dataTable({
    label: `${title}: latest final window`,
    key: (/** @type {PartRow} */ { part }) => part,
  });
  const heading = h("h3", {});

  return historyPanel(
    { title, wide: true },
    {
      content: [
        h("div", { class: "with-aside" }, chart.node, h("div", { class: "aside" }, heading, table.node)),
      ],
      question(state) {
        const query = find(state);
        if (query === undefined) return without;
        return stretchQuestion(state, query, {});
      },
      async ask(/** @type {Asked} */ { query, stretch }, signal) {
        const final = await finalWindows(query, stretch, signal);
        const latest = final.windows.at(-1);
        if (latest === undefined) return { ...final, before: undefined };
        const hourBeforeMs = latest.startMs - HOUR_MS;
        const inChart = final.windows.find(({ startMs }) => startMs === hourBeforeMs);
        if (inChart !== undefined || hourBeforeMs < 0) return { ...final, before: inChart };
        const { windows } = await finalWindows(
          query,
          { fromMs: hourBeforeMs, toMs: hourBeforeMs + 1 },
          signal,
        );
        return { ...final, before: windows[0] };
      },
      paint({ windows, stepMs, thinned, before }, { query }, state) {
        const measure = countOf(query) ?? "events";
        const open = openWindowsOf(state, query);
        const latest = windows.at(-1);
        if (latest === undefined) return { empty: NOTHING_THERE };
        const all = [...windows, ...open];
        const shares = sharesOf(all, key, measure);
        chart.paint({
          timesMs: all.map(({ startMs }) => startMs),
          looks: shares.parts.map((name, index) => ({ name, colour: categoryColour(index) })),
          values: shares.values,
          openFromMs: open[0]?.startMs ?? null,
        });
        setText(
          heading,
          `${formatWindow(latest.startMs, latest.startMs + query.sizeMs, state.closedThroughMs)}, against ${formatMinute(latest.startMs - HOUR_MS)}`,
        );
        table.paint(columnsOf(key), partRows(shares, windows.length - 1, before, key, measure));
        return { lead: windowsLead(windows.length, query, stepMs, thinned) };
      },
    },
    repaint,
  );
}

/**
 * @param {Shares} shares
 * @param {number} latest index of the latest final window
 * @param {WindowRows | undefined} before the window an hour before
 * @param {string} key
 * @param {string} measure
 * @returns {PartRow[]}
 */
function partRows(shares, latest, before, key, measure) {
  const now = shareIn(shares, latest);
  const then = before === undefined ? undefined : sharesOf([before], key, measure);
  const sharesThen = then === undefined ? [] : shareIn(then, 0);
  return shares.parts.map((part, index) => {
    const place = then?.parts.indexOf(part) ?? -1;
    return {
      part,
      index,
      now: now[index] ?? null,
      before: then === undefined ? null : ((place === -1 ? 0 : sharesThen[place]) ?? null),
      events: shares.values[index]?.[latest] ?? 0,
    };
  });
}

/** @param {string} key */
function columnsOf(key) {
  return [
    {
      title: key,
      kind: /** @type {const} */ ("text"),
      create: keyCell,
      update: (/** @type {HTMLElement} */ cell, /** @type {PartRow} */ { part, now }) =>
        paintKey(cell, part, now ?? 0),
    },
    column("events", (/** @type {PartRow} */ { events }) => formatCount(events)),
    column("share", (/** @type {PartRow} */ { now }) => formatShare(now)),
    column(
      "change",
      (/** @type {PartRow} */ { now, before }) =>
        formatPoints(now === null || before === null ? null : now - before),
      "number",
      "percentage points against the window an hour before",
    ),
  ];
}
