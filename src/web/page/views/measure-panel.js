/** @import { QueryInfo, Row, Top } from "../../api.ts" */
/** @import { Page, State } from "../model/state.js" */
/** @import { Column } from "../model/query-shapes.js" */
/** @import { Stretch } from "../model/stretch.js" */
/** @import { TimeChartData } from "../charts/time-chart.js" */
import { h } from "../base/dom.js";
import { categoryColour } from "../charts/colours.js";
import { timeChart } from "../charts/time-chart.js";
import { formatExact, formatShort } from "../format/numbers.js";
import { formatShortSpan, formatSpan } from "../format/times.js";
import { countOf, keysOf, measuresOf, numbersOf } from "../model/query-shapes.js";
import { finalWindows } from "../model/window-series.js";
import { ask } from "../net/ask.js";
import { chooser } from "../parts/choices.js";
import { historyPanel } from "../parts/history-panel.js";
import { measureColumns, titleOf } from "../parts/measure-cells.js";
import { NOTHING_THERE, rankingLead, stretchQuestion, windowsLead } from "../parts/stretch-question.js";
import { column, dataTable } from "../parts/table.js";

const KEYS = 6;
const POINTS = 60;
const ROWS = 20;

/** @typedef {{ query: QueryInfo, measure: Column, stretch: Stretch }} Asked */
/** @typedef {{ lead: string, data: TimeChartData, rows: Row[] }} Answer */

/**
 * One measure of a query over time: of all events, or of the keys that have most of it.
 * @param {{ query: (state: State) => QueryInfo | undefined, without: string }} look
 * @param {Page} page
 */
export function measurePanel({ query: find, without }, { go, repaint }) {
  const by = chooser({ label: "measure", choose: (measure) => go({ chosen: { by: measure } }) });
  const counts = timeChart({ label: "The measure over time", format: formatExact, formatAxis: formatShort });
  const spans = timeChart({
    label: "The measure over time",
    format: (seconds) => formatSpan(seconds * 1000),
    formatAxis: (seconds) => formatShortSpan(seconds * 1000),
  });
  const table = dataTable({
    label: "Latest windows",
    key: (/** @type {Row} */ row) => String(row.window_start),
  });
  const heading = h("h3", { text: "Latest windows" });
  return historyPanel(
    { title: "Over time", wide: true, controls: [by.node] },
    {
      content: [counts.node, spans.node, heading, table.node],
      question(state) {
        const query = find(state);
        if (query === undefined) return without;
        const usable = numbersOf(query);
        const { chosen } = state.route;
        const preferred = countOf(query);
        const measure =
          usable.find(({ name }) => name === chosen.by) ??
          usable.find(({ name }) => name === preferred) ??
          usable[0];
        if (measure === undefined) return "This query has no measure that can be drawn.";
        by.paint(
          usable.map((one) => ({ value: one.name, text: titleOf(one) })),
          measure.name,
        );
        return stretchQuestion(state, query, { measure });
      },
      ask: (/** @type {Asked} */ asked, signal) =>
        keysOf(asked.query).length === 0 ? askWindows(asked, signal) : askKeys(asked, signal),
      paint({ lead, data, rows }, { query, measure }) {
        if (data.timesMs.length === 0) return { empty: NOTHING_THERE };
        const isSpan = measure.type === "seconds";
        counts.node.hidden = isSpan;
        spans.node.hidden = !isSpan;
        (isSpan ? spans : counts).paint(data);
        heading.hidden = rows.length === 0;
        table.node.hidden = rows.length === 0;
        table.paint(
          [
            column("window start", (/** @type {Row} */ row) => String(row.window_start), "text"),
            ...measureColumns(measuresOf(query)),
          ],
          rows,
        );
        return { lead };
      },
    },
    repaint,
  );
}

/** A query without keys: every window has one row. @param {Asked} asked @param {AbortSignal} signal @returns {Promise<Answer>} */
async function askWindows({ query, measure, stretch }, signal) {
  const { windows, stepMs, thinned } = await finalWindows(query, stretch, signal);
  return {
    lead: windowsLead(windows.length, query, stepMs, thinned),
    data: {
      timesMs: windows.map(({ startMs }) => startMs),
      looks: [{ name: titleOf(measure), colour: "--c1" }],
      values: [windows.map(({ rows }) => Number(rows[0]?.[measure.name] ?? 0))],
      openFromMs: null,
    },
    rows: windows
      .flatMap(({ rows }) => rows)
      .toReversed()
      .slice(0, ROWS),
  };
}

/** A query with keys: those with most, as the API ranks them. @param {Asked} asked @param {AbortSignal} signal @returns {Promise<Answer>} */
async function askKeys({ query, measure, stretch: { fromMs, toMs } }, signal) {
  /** @type {Top} */
  const top = await ask(
    "/api/top",
    { query: query.name, by: measure.name, from: fromMs, to: toMs, limit: KEYS, points: POINTS },
    signal,
  );
  const keys = keysOf(query);
  return {
    lead: `${rankingLead(top, query)} · the ${top.items.length} keys with most`,
    data: {
      timesMs: top.pointsMs,
      looks: top.items.map(({ key }, index) => ({
        name: keys.map((name) => key[name] ?? "").join(" · "),
        colour: categoryColour(index),
      })),
      values: top.items.map(({ series }) => series),
      openFromMs: null,
    },
    rows: [],
  };
}
