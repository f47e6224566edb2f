/** @import { QueryInfo } from "../../api.ts" */
/** @import { Stretch } from "../model/stretch.js" */
/** @import { Page } from "../model/state.js" */
import { timeChart } from "../charts/time-chart.js";
import { formatCount, formatShort } from "../format/numbers.js";
import { hasMeasure, queryBy } from "../model/query-shapes.js";
import { finalWindows, openWindowsOf, sumOf } from "../model/window-series.js";
import { historyPanel } from "../parts/history-panel.js";
import { NOTHING_THERE, stretchQuestion, windowsLead } from "../parts/stretch-question.js";

/** Active users and sessions by window. @param {Page} page */
export function visitorsPanel({ repaint }) {
  const chart = timeChart({
    label: "Active users and sessions in each window",
    format: formatCount,
    formatAxis: formatShort,
  });
  return historyPanel(
    { title: "Active users" },
    {
      content: [chart.node],
      question(state) {
        const query = queryBy(state.queries, []);
        if (query === undefined || !hasMeasure(query, "users"))
          return "This pipeline has no query that counts all users, such as window_totals.";
        return stretchQuestion(state, query, {});
      },
      ask: (/** @type {{ query: QueryInfo, stretch: Stretch }} */ { query, stretch }, signal) =>
        finalWindows(query, stretch, signal),
      paint({ windows, stepMs, thinned }, { query }, state) {
        const open = openWindowsOf(state, query);
        const all = [...windows, ...open];
        if (all.length === 0) return { empty: NOTHING_THERE };
        const measures = ["users", "sessions"].filter((measure) => hasMeasure(query, measure));
        chart.paint({
          timesMs: all.map(({ startMs }) => startMs),
          looks: measures.map((name, index) => ({ name, colour: index === 0 ? "--c1" : "--c2" })),
          values: measures.map((measure) => all.map(({ rows }) => sumOf(rows, measure))),
          openFromMs: open[0]?.startMs ?? null,
        });
        return { lead: windowsLead(windows.length, query, stepMs, thinned) };
      },
    },
    repaint,
  );
}
