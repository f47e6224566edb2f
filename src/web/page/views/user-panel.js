/** @import { QueryInfo, Row, User } from "../../api.ts" */
/** @import { Page } from "../model/state.js" */
import { h, setText } from "../base/dom.js";
import { categoryColour } from "../charts/colours.js";
import { timeChart } from "../charts/time-chart.js";
import { formatCount, formatShort } from "../format/numbers.js";
import { shownText } from "../format/text.js";
import { formatMoment, formatWindow } from "../format/times.js";
import { countOf, measuresOf, queryBy } from "../model/query-shapes.js";
import { RANGE_MS } from "../model/route.js";
import { ask, NoAnswer } from "../net/ask.js";
import { historyPanel } from "../parts/history-panel.js";
import { formatMeasure, measureColumns, titleOf } from "../parts/measure-cells.js";
import { NOTHING_FINAL } from "../parts/stretch-question.js";
import { column, dataTable } from "../parts/table.js";

const ACTIONS = ["clicks", "views", "scrolls", "hovers"];
const WINDOWS = 400;
const TABLE_ROWS = 50;

/** @typedef {{ query: QueryInfo, user: string, fromMs: number, toMs: number }} Asked */

/** One user: what they did, window by window. Shows when the address names one. @param {Page} page */
export function userPanel({ go, repaint }) {
  const totals = h("dl", { class: "facts" });
  const chart = timeChart({
    label: "Events of this user in each window",
    format: formatCount,
    formatAxis: formatShort,
    shape: "stack",
    height: 180,
  });
  const table = dataTable({
    label: "Windows of this user",
    key: (/** @type {Row} */ row) => String(row.window_start),
  });
  const name = h("bdi", { class: "user-name" });
  const close = h("button", {
    type: "button",
    class: "button",
    text: "Close",
    on: { click: () => go({ chosen: { user: "" } }) },
  });
  const details = h("details", { class: "chart-values" }, h("summary", { text: "Windows" }), table.node);
  const panel = historyPanel(
    { title: "One user", wide: true, controls: [name, close] },
    {
      content: [totals, chart.node, details],
      question(state) {
        const { user = "" } = state.route.chosen;
        const query = queryBy(state.queries, ["user_id"]);
        if (query === undefined)
          return "This pipeline has no query that groups by user_id alone, such as user_activity.";
        if (state.closedThroughMs === null) return NOTHING_FINAL;
        const toMs = Math.min(state.route.untilMs ?? state.closedThroughMs, state.closedThroughMs);
        const asked = { query, user, fromMs: Math.max(0, toMs - RANGE_MS[state.route.range]), toMs };
        return {
          identity: JSON.stringify([query.name, user, state.route.range, state.route.untilMs]),
          through: state.closedThroughMs,
          asked,
        };
      },
      async ask(/** @type {Asked} */ { user, fromMs, toMs }, signal) {
        try {
          return /** @type {User} */ (
            await ask(
              `/api/users/${encodeURIComponent(user)}`,
              { from: fromMs, to: toMs, limit: WINDOWS },
              signal,
            )
          );
        } catch (error) {
          if (error instanceof NoAnswer && error.code === "NOT_FOUND") return null;
          throw error;
        }
      },
      paint(answer, { query, user, fromMs, toMs }) {
        setText(name, shownText(user));
        if (answer === null)
          return {
            lead: "",
            empty: `No event of this user between ${formatMoment(fromMs)} and ${formatMoment(toMs)} UTC.`,
          };
        const measures = measuresOf(query);
        totals.replaceChildren(
          ...measures.map((measure) =>
            h(
              "div",
              {},
              h("dt", { text: titleOf(measure) }),
              h("dd", { text: formatMeasure(answer.totals[measure.name], measure.type) }),
            ),
          ),
        );
        paintChart(chart, answer.windows, query);
        const shown = answer.windows.slice(0, TABLE_ROWS);
        table.paint(
          [
            column("window", (/** @type {Row} */ row) => windowOf(row, query.sizeMs), "text"),
            ...measureColumns(measures),
          ],
          shown,
        );
        const more = answer.nextCursor === null ? "" : "the latest ";
        return {
          lead: `${more}${formatCount(answer.windows.length)} windows with events, ${formatMoment(fromMs)} to ${formatMoment(toMs)} UTC`,
        };
      },
    },
    repaint,
  );
  return {
    node: panel.node,
    /** @param {import("../model/state.js").State} state */
    paint(state) {
      panel.node.hidden = state.route.chosen.user === undefined;
      if (!panel.node.hidden) panel.paint(state);
    },
  };
}

/** @param {Row} row @param {number} sizeMs */
function windowOf(row, sizeMs) {
  const startMs = Date.parse(String(row.window_start));
  return formatWindow(startMs, startMs + sizeMs);
}

/** Windows without events of the user are there, empty. @param {ReturnType<typeof timeChart>} chart @param {readonly Row[]} rows @param {QueryInfo} query */
function paintChart(chart, rows, query) {
  const byStart = new Map(rows.map((row) => [Date.parse(String(row.window_start)), row]));
  const starts = [...byStart.keys()];
  const [first, last] = [Math.min(...starts), Math.max(...starts)];
  /** @type {number[]} */
  const timesMs = [];
  for (let startMs = first - query.slideMs; startMs <= last; startMs += query.slideMs) timesMs.push(startMs);
  const hasActions = ACTIONS.every((action) => measuresOf(query).some(({ name }) => name === action));
  const measures = hasActions ? ACTIONS : [countOf(query) ?? "events"];
  chart.paint({
    timesMs,
    looks: measures.map((name, index) => ({ name, colour: categoryColour(index) })),
    values: measures.map((measure) => timesMs.map((startMs) => Number(byStart.get(startMs)?.[measure] ?? 0))),
    openFromMs: null,
  });
}
