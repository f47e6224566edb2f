/** @import { QueryInfo } from "../../api.ts" */
/** @import { SessionPages } from "../../sessions-contract.ts" */
/** @import { Page } from "../model/state.js" */
/** @import { Stretch } from "../model/stretch.js" */
/** @import { TableColumn } from "../parts/table.js" */
import { h } from "../base/dom.js";
import { counted, formatCount, formatShare } from "../format/numbers.js";
import { formatSpan } from "../format/times.js";
import { sessionQuery } from "../model/session-queries.js";
import { ask } from "../net/ask.js";
import { searchField } from "../parts/choices.js";
import { historyPanel } from "../parts/history-panel.js";
import { keyCell, paintKey } from "../parts/key-cell.js";
import { moreButton } from "../parts/more-button.js";
import { stretchQuestion } from "../parts/stretch-question.js";
import { column, dataTable } from "../parts/table.js";
import { NO_SESSIONS } from "./session-lengths-panel.js";

/** @typedef {SessionPages["items"][number]} Item */
/** @typedef {{ query: QueryInfo, search: string, limit: number, stretch: Stretch }} Asked */

/** The pages on which sessions begin and end, side by side, with search. @param {Page} page */
export function sessionPagesPanel({ go, repaint }) {
  const search = searchField({ label: "Search pages", search: (text) => go({ chosen: { search: text } }) });
  const entry = side("Entry pages");
  const exit = side("Exit pages");
  const more = moreButton(repaint);
  return historyPanel(
    { title: "Entry and exit pages", wide: true, controls: [search.node] },
    {
      content: [h("div", { class: "side-by-side" }, entry.node, exit.node), more.node],
      question(state) {
        const query = sessionQuery(state.queries);
        if (query === undefined) return "This output has no row for each session.";
        const text = state.route.chosen.search ?? "";
        search.paint(text);
        return stretchQuestion(state, query, { search: text, limit: more.limit() });
      },
      async ask(/** @type {Asked} */ { search: text, limit: most, stretch: { fromMs, toMs } }, signal) {
        const [entries, exits] = await Promise.all(
          ["entry", "exit"].map(
            (which) =>
              /** @type {Promise<SessionPages>} */ (
                ask(
                  "/api/sessions/pages",
                  { side: which, from: fromMs, to: toMs, limit: most, search: text },
                  signal,
                )
              ),
          ),
        );
        return /** @type {{ entries: SessionPages, exits: SessionPages }} */ ({ entries, exits });
      },
      paint({ entries, exits }, { search: text }) {
        const lead = `Sessions began on ${counted(entries.pages, "page")} and ended on ${formatCount(exits.pages)}${text === "" ? "" : " that hold the text"}`;
        if (entries.pages === 0 && exits.pages === 0) {
          return { lead, empty: text === "" ? NO_SESSIONS : `No page holds “${text}”.` };
        }
        entry.paint(entries);
        exit.paint(exits);
        more.paint(Math.max(entries.pages, exits.pages));
        return { lead };
      },
    },
    repaint,
  );
}

/** @param {string} title */
function side(title) {
  const table = dataTable({ label: title, key: (/** @type {Item} */ { page }) => page });
  return {
    node: h("div", { class: "aside" }, h("h3", { text: title }), table.node),
    /** @param {SessionPages} answer */
    paint: (answer) => table.paint(columnsOf(answer), answer.items),
  };
}

/** @param {SessionPages} answer @returns {TableColumn<Item>[]} */
function columnsOf({ sessions: all, items }) {
  const greatest = Math.max(1, ...items.map(({ sessions }) => sessions));
  return [
    {
      title: "page",
      kind: "text",
      create: keyCell,
      update: (cell, { page, sessions }) => paintKey(cell, page, sessions / greatest),
    },
    column("sessions", ({ sessions }) => formatCount(sessions)),
    column("share", ({ sessions }) => formatShare(sessions / all)),
    column(
      "bounces",
      ({ sessions, bounces }) => formatShare(bounces / sessions),
      "number",
      "of these sessions, those of one page alone",
    ),
    column(
      "mean length",
      ({ sessions, totalSeconds }) => formatSpan((totalSeconds / sessions) * 1_000),
      "number",
    ),
  ];
}
