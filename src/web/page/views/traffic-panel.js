/** @import { QueryInfo } from "../../api.ts" */
/** @import { Stretch } from "../model/stretch.js" */
/** @import { Page } from "../model/state.js" */
import { h, keyed, setText } from "../base/dom.js";
import { timeChart } from "../charts/time-chart.js";
import { formatCount, formatShort } from "../format/numbers.js";
import { formatWindow } from "../format/times.js";
import { peaksOf } from "../model/peaks.js";
import { countOf, queryBy } from "../model/query-shapes.js";
import { finalWindows, openWindowsOf, sumOf } from "../model/window-series.js";
import { historyPanel } from "../parts/history-panel.js";
import { NOTHING_THERE, stretchQuestion, windowsLead } from "../parts/stretch-question.js";

const PEAKS = 5;

/** Events by window over time, and the busiest windows. @param {Page} page @param {{ wide: boolean }} look */
export function trafficPanel({ repaint }, { wide }) {
  const chart = timeChart({ label: "Events in each window", format: formatCount, formatAxis: formatShort });
  const peaks = h("ol", { class: "peaks", "aria-label": "Peak traffic periods" });
  const content = h(
    "div",
    { class: "with-aside" },
    chart.node,
    h("div", { class: "aside" }, h("h3", { text: "Peak periods" }), peaks),
  );

  return historyPanel(
    { title: "Traffic", wide },
    {
      content: [content],
      question(state) {
        const query = queryBy(state.queries, []) ?? queryBy(state.queries, ["device_type"]);
        if (query === undefined)
          return "This pipeline has no query that counts all events, such as window_totals.";
        return stretchQuestion(state, query, {});
      },
      ask: (/** @type {{ query: QueryInfo, stretch: Stretch }} */ { query, stretch }, signal) =>
        finalWindows(query, stretch, signal),
      paint({ windows, stepMs, thinned }, { query }, state) {
        const measure = countOf(query) ?? "events";
        const open = openWindowsOf(state, query);
        const all = [...windows, ...open];
        if (all.length === 0) return { empty: NOTHING_THERE };
        chart.paint({
          timesMs: all.map(({ startMs }) => startMs),
          looks: [{ name: measure, colour: "--c1" }],
          values: [all.map(({ rows }) => sumOf(rows, measure))],
          openFromMs: open[0]?.startMs ?? null,
        });
        const values = windows.map(({ startMs, rows }) => ({ startMs, value: sumOf(rows, measure) }));
        paintPeaks(peaks, peaksOf(values, query.sizeMs, PEAKS), query.sizeMs, state.closedThroughMs);
        return { lead: windowsLead(windows.length, query, stepMs, thinned) };
      },
    },
    repaint,
  );
}

/** @param {Element} list @param {{ startMs: number, value: number }[]} peaks @param {number} sizeMs @param {number | null} todayMs */
function paintPeaks(list, peaks, sizeMs, todayMs) {
  keyed(list, peaks, {
    key: ({ startMs }) => String(startMs),
    create: () => h("li", {}, h("span", { class: "peak-time" }), h("span", { class: "peak-value" })),
    update(item, { startMs, value }) {
      setText(item.firstElementChild, formatWindow(startMs, startMs + sizeMs, todayMs));
      setText(item.lastElementChild, formatCount(value));
    },
  });
}
