/** @import { QueryInfo } from "../../api.ts" */
/** @import { Flow } from "../../sessions-contract.ts" */
/** @import { FlowLayout } from "../model/flow-layout.js" */
/** @import { Page } from "../model/state.js" */
/** @import { Stretch } from "../model/stretch.js" */
import { h } from "../base/dom.js";
import { flowPicture } from "../charts/flow-picture.js";
import { counted, formatCount, formatShare } from "../format/numbers.js";
import { shownText } from "../format/text.js";
import { layoutFlow, OTHER_PAGES } from "../model/flow-layout.js";
import { transitionQuery } from "../model/session-queries.js";
import { ask } from "../net/ask.js";
import { historyPanel } from "../parts/history-panel.js";
import { stretchQuestion } from "../parts/stretch-question.js";
import { column, dataTable } from "../parts/table.js";

/** Pages of each side: more can't be told apart. */
const PAGES = 8;

const WITHOUT = {
  embedded: "This output does not hold which page follows which.",
  spark:
    "Under Spark there are sessions, and nothing that tells which page follows which: the embedded engine alone does.",
};

/** @typedef {{ from: string, to: string, transitions: number }} Move */

/** Which page follows which within sessions: a picture of the busiest, and the same as a table. @param {Page} page */
export function flowPanel({ repaint }) {
  const picture = flowPicture("Pages that follow each other");
  const table = dataTable({
    label: "Pages that follow each other: values",
    key: (/** @type {Move} */ { from, to }) => JSON.stringify([from, to]),
  });
  const values = h("details", { class: "chart-values" }, h("summary", { text: "Values" }), table.node);
  /** @type {{ flow: Flow, layout: FlowLayout } | undefined} */
  let painted;
  return historyPanel(
    { title: "From page to page" },
    {
      content: [picture.node, values],
      question(state) {
        const query = transitionQuery(state.queries);
        if (query === undefined) return WITHOUT[state.queries?.engine ?? "embedded"];
        return stretchQuestion(state, query, {});
      },
      ask: (/** @type {{ query: QueryInfo, stretch: Stretch }} */ { stretch: { fromMs, toMs } }, signal) =>
        /** @type {Promise<Flow>} */ (ask("/api/flow", { from: fromMs, to: toMs, pages: PAGES }, signal)),
      paint(flow) {
        const { transitions, pairs } = flow;
        if (transitions === 0)
          return { lead: "", empty: "No page followed another in this stretch of time." };
        if (painted?.flow !== flow) {
          painted = { flow, layout: layoutFlow(flow) };
          picture.paint(painted.layout);
          table.paint(columnsOf(transitions), movesOf(flow));
        }
        const { layout } = painted;
        const hidden =
          layout.hidden === 0
            ? ""
            : `; ${formatShare(layout.hidden / transitions)} between other pages, not drawn`;
        return {
          lead: `${counted(transitions, "transition")} of ${counted(pairs, "pair")} of pages${hidden}`,
        };
      },
    },
    repaint,
  );
}

/** @param {Flow} flow @returns {Move[]} */
function movesOf({ sources, targets, links }) {
  return links.map(({ source, target, transitions }) => ({
    from: (source === null ? null : sources[source]?.page) ?? OTHER_PAGES,
    to: (target === null ? null : targets[target]?.page) ?? OTHER_PAGES,
    transitions,
  }));
}

/** @param {number} all */
function columnsOf(all) {
  return [
    column("from", (/** @type {Move} */ { from }) => shownText(from), "text"),
    column("to", (/** @type {Move} */ { to }) => shownText(to), "text"),
    column("transitions", (/** @type {Move} */ { transitions }) => formatCount(transitions)),
    column("share", (/** @type {Move} */ { transitions }) => formatShare(transitions / all)),
  ];
}
