/** @import { Page, View } from "../model/state.js" */
import { h, setText } from "../base/dom.js";
import { sessionQuery, transitionQuery } from "../model/session-queries.js";
import { codeLine } from "../parts/code-line.js";
import { panel } from "../parts/panel.js";
import { flowPanel } from "./flow-panel.js";
import { sessionLengthsPanel } from "./session-lengths-panel.js";
import { sessionPagesPanel } from "./session-pages-panel.js";

const NOT_WRITTEN =
  "This output has no whole sessions. Another one has them when it is begun with --sessions: a row for each session from its " +
  "first event to its last, and how often one page follows another.";
const NOT_WRITTEN_BY_SPARK =
  "This output has no whole sessions. Another one has them when it is begun with --sessions: a row for each session from its " +
  "first event to its last. Which page follows which is told by the embedded engine alone.";

/** Whole sessions: how long they are, where they begin and end, which page follows which. @param {Page} page @returns {View} */
export function sessionsView(page) {
  const words = h("p", { class: "sentences" });
  const command = codeLine();
  const without = panel({ title: "Whole sessions", wide: true }, words, command.node);
  const panels = [sessionLengthsPanel(page), flowPanel(page), sessionPagesPanel(page)];
  return {
    node: h("div", { class: "panels" }, without.node, ...panels.map(({ node }) => node)),
    paint(state) {
      const { queries } = state;
      const has = sessionQuery(queries) !== undefined || transitionQuery(queries) !== undefined;
      without.node.hidden = has;
      for (const { node } of panels) node.hidden = !has;
      if (has) return panels.forEach((own) => void own.paint(state));
      if (queries === null) return without.instead("loading", "Asking…");
      if (queries.queries.length === 0) {
        return without.instead("empty", "This pipeline has no queries yet: nothing is committed.");
      }
      without.content();
      const isSpark = queries.engine === "spark";
      setText(words, isSpark ? NOT_WRITTEN_BY_SPARK : NOT_WRITTEN);
      const engine = isSpark ? " --engine spark" : "";
      command.paint(
        `npx clickstream process${engine} --topic ${queries.topic ?? "clickstream"} --output output-sessions --sessions`,
      );
    },
  };
}
