/** @import { QueryInfo } from "../../api.ts" */
/** @import { Sessions } from "../../sessions-contract.ts" */
/** @import { Page } from "../model/state.js" */
/** @import { Length } from "../model/session-lengths.js" */
/** @import { Stretch } from "../model/stretch.js" */
/** @import { TableColumn } from "../parts/table.js" */
import { h } from "../base/dom.js";
import { formatCount, formatMean, formatShare } from "../format/numbers.js";
import { formatDuration, formatMoment, formatSpan } from "../format/times.js";
import { lengthWords } from "../model/session-lengths.js";
import { sessionQuery } from "../model/session-queries.js";
import { ask } from "../net/ask.js";
import { historyPanel } from "../parts/history-panel.js";
import { keyCell, paintKey } from "../parts/key-cell.js";
import { stretchQuestion } from "../parts/stretch-question.js";
import { column, dataTable } from "../parts/table.js";
import { tile } from "../parts/tile.js";

const WITHOUT = "This output has no row for each session.";
export const NO_SESSIONS = "No session ended in this stretch of time.";

/** How long whole sessions are, and how many are of one page. @param {Page} page */
export function sessionLengthsPanel({ repaint }) {
  const tiles = {
    sessions: tile({ label: "Sessions", id: "whole-sessions" }),
    bounce: tile({ label: "Bounce share", id: "bounce-share" }),
    median: tile({ label: "Median length", id: "median-length" }),
    p90: tile({ label: "9 of 10 are below", id: "p90-length" }),
    pages: tile({ label: "Pages a session", id: "pages-a-session" }),
  };
  const table = dataTable({
    label: "Session lengths",
    key: (/** @type {Length} */ { fromSeconds }) => String(fromSeconds),
  });
  return historyPanel(
    { title: "Session lengths" },
    {
      content: [
        h("dl", { class: "tiles small" }, ...Object.values(tiles).map(({ node }) => node)),
        table.node,
      ],
      question(state) {
        const query = sessionQuery(state.queries);
        return query === undefined ? WITHOUT : stretchQuestion(state, query, {});
      },
      ask: (/** @type {{ query: QueryInfo, stretch: Stretch }} */ { stretch: { fromMs, toMs } }, signal) =>
        /** @type {Promise<Sessions>} */ (ask("/api/sessions", { from: fromMs, to: toMs }, signal)),
      paint(answer, { query }) {
        const { sessions, bounces, pages, medianSeconds, p90Seconds, gapMs, fromMs, toMs } = answer;
        const lead =
          `Ended ${formatMoment(fromMs)} to ${formatMoment(toMs - 1 + query.sizeMs)} UTC, ` +
          `after ${formatDuration(gapMs)} without an event`;
        if (sessions === 0) return { lead, empty: NO_SESSIONS };
        tiles.sessions.paint({ value: formatCount(sessions) });
        tiles.bounce.paint({ value: formatShare(bounces / sessions) });
        tiles.median.paint({ value: spanOf(medianSeconds) });
        tiles.p90.paint({ value: spanOf(p90Seconds) });
        tiles.pages.paint({ value: formatMean(pages / sessions) });
        table.paint(columnsOf(answer), answer.lengths);
        return { lead };
      },
    },
    repaint,
  );
}

/** @param {number | null} seconds */
function spanOf(seconds) {
  return formatSpan(seconds === null ? null : seconds * 1_000);
}

/** @param {Sessions} answer @returns {TableColumn<Length>[]} */
function columnsOf({ sessions, lengths }) {
  const greatest = Math.max(1, ...lengths.map((length) => length.sessions));
  return [
    {
      title: "length",
      kind: "text",
      create: keyCell,
      update: (cell, length) => paintKey(cell, lengthWords(length), length.sessions / greatest),
    },
    column("sessions", (length) => formatCount(length.sessions)),
    column("share", (length) => formatShare(length.sessions / sessions)),
  ];
}
