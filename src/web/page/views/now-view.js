/** @import { Page, State, View } from "../model/state.js" */
import { h } from "../base/dom.js";
import { queryBy } from "../model/query-shapes.js";
import { accountingPanel } from "./accounting-panel.js";
import { progressPanel } from "./progress-panel.js";
import { ratesPanel } from "./rates-panel.js";
import { tilesStrip } from "./tiles-strip.js";
import { topPanel } from "./top-panel.js";
import { trafficPanel } from "./traffic-panel.js";

/** @param {State} state */
const byUrl = (state) => queryBy(state.queries, ["url"]);

/** How it goes, at a glance. @param {Page} page @returns {View} */
export function nowView(page) {
  const strip = tilesStrip();
  const progress = progressPanel();
  const panels = [
    ratesPanel(),
    accountingPanel(),
    trafficPanel(page, { wide: false }),
    topPanel(
      {
        title: "Top pages",
        noun: "page",
        query: byUrl,
        without: "This pipeline has no query that groups by url alone, such as url_counts.",
        brief: true,
      },
      page,
    ),
  ];
  return {
    node: h(
      "div",
      {},
      strip.node,
      h("div", { class: "panels now" }, progress.node, ...panels.map(({ node }) => node)),
    ),
    paint(state) {
      strip.paint(state);
      progress.paint(state);
      for (const panel of panels) panel.paint(state);
    },
  };
}
