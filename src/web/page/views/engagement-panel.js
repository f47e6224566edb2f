/** @import { QueryInfo, Top, Windows } from "../../api.ts" */
/** @import { Stretch } from "../model/stretch.js" */
/** @import { Page } from "../model/state.js" */
import { h } from "../base/dom.js";
import { timeChart } from "../charts/time-chart.js";
import { formatCount, formatMean } from "../format/numbers.js";
import { formatShortSpan, formatSpan, formatWindow } from "../format/times.js";
import { countOf, hasMeasure, queryBy } from "../model/query-shapes.js";
import { finalWindows, sumOf } from "../model/window-series.js";
import { ask } from "../net/ask.js";
import { historyPanel } from "../parts/history-panel.js";
import { NOTHING_THERE, stretchQuestion } from "../parts/stretch-question.js";
import { tile } from "../parts/tile.js";

/** @typedef {{ query: QueryInfo, pages: QueryInfo | undefined, stretch: Stretch }} Asked */

/** How long sessions last and what happens in one: the latest final window, and session length over time. @param {Page} page */
export function engagementPanel({ repaint }) {
  const tiles = {
    users: tile({ label: "Active users", id: "users" }),
    sessions: tile({ label: "Sessions", id: "sessions" }),
    length: tile({ label: "Session length", id: "session-length" }),
    events: tile({ label: "Events a session", id: "events-a-session" }),
    pages: tile({ label: "Page views a session", id: "views-a-session" }),
  };
  const chart = timeChart({
    label: "Mean session length in each window",
    format: (ms) => formatSpan(ms),
    formatAxis: formatShortSpan,
    height: 150,
  });
  return historyPanel(
    { title: "Sessions and engagement" },
    {
      content: [
        h("dl", { class: "tiles small" }, ...Object.values(tiles).map(({ node }) => node)),
        chart.node,
      ],
      question(state) {
        const query = queryBy(state.queries, []);
        if (query === undefined || !hasMeasure(query, "sessions"))
          return "This pipeline has no query that counts all sessions, such as window_totals.";
        return stretchQuestion(state, query, { pages: queryBy(state.queries, ["url"]) });
      },
      async ask(/** @type {Asked} */ { query, pages, stretch }, signal) {
        const { windows } = await finalWindows(query, stretch, signal);
        const latestMs = windows.at(-1)?.startMs;
        const countsViews =
          pages !== undefined && hasMeasure(pages, "views") && pages.sizeMs === query.sizeMs;
        if (latestMs === undefined || !countsViews) return { windows, views: null };
        return { windows, views: await viewsASession(query, pages, latestMs, signal) };
      },
      paint({ windows, views }, { query }, { closedThroughMs }) {
        const latest = windows.at(-1);
        if (latest === undefined) return { empty: NOTHING_THERE };
        /** @param {string} measure */
        const value = (measure) => (hasMeasure(query, measure) ? sumOf(latest.rows, measure) : null);
        const sessions = value("sessions");
        const spanSeconds = value("session_seconds");
        const events = sumOf(latest.rows, countOf(query) ?? "events");
        tiles.users.paint({ value: formatCount(value("users")) });
        tiles.sessions.paint({ value: formatCount(sessions) });
        tiles.length.paint({
          value: spanSeconds === null || !sessions ? "–" : formatSpan((spanSeconds * 1000) / sessions),
        });
        tiles.events.paint({ value: formatMean(sessions ? events / sessions : null) });
        tiles.pages.paint({ value: formatMean(views?.aSession) });
        chart.node.hidden = spanSeconds === null;
        if (spanSeconds !== null) {
          chart.paint({
            timesMs: windows.map(({ startMs }) => startMs),
            looks: [{ name: "mean session length", colour: "--c3" }],
            values: [
              windows.map(({ rows }) => {
                const count = sumOf(rows, "sessions");
                return count === 0 ? null : (sumOf(rows, "session_seconds") * 1000) / count;
              }),
            ],
            openFromMs: null,
          });
        }
        const window = formatWindow(latest.startMs, latest.startMs + query.sizeMs, closedThroughMs);
        const other = views !== null && views.startMs !== latest.startMs;
        const of = other
          ? `, page views those of ${formatWindow(views.startMs, views.startMs + query.sizeMs, closedThroughMs)}`
          : "";
        return { lead: `Final window ${window}${of}. A session is counted within its window` };
      },
    },
    repaint,
  );
}

/**
 * Page views a session in the latest window that the API ranks keys in: those that start at multiples of their length.
 * @param {QueryInfo} query
 * @param {QueryInfo} pages
 * @param {number} latestMs
 * @param {AbortSignal} signal
 */
async function viewsASession(query, pages, latestMs, signal) {
  const startMs = latestMs - (latestMs % query.sizeMs);
  const one = { from: startMs, to: startMs + 1 };
  const [top, totals] = await Promise.all([
    /** @type {Promise<Top>} */ (
      ask("/api/top", { query: pages.name, by: "views", ...one, limit: 1 }, signal)
    ),
    /** @type {Promise<Windows>} */ (ask("/api/windows", { query: query.name, ...one }, signal)),
  ]);
  const sessions = sumOf(totals.rows, "sessions");
  return sessions === 0 || top.total === null ? null : { startMs, aSession: top.total / sessions };
}
