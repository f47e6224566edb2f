/** @import { Page, State, View } from "../model/state.js" */
import { h } from "../base/dom.js";
import { queryBy } from "../model/query-shapes.js";
import { openPanel } from "./open-panel.js";
import { topPanel } from "./top-panel.js";
import { trafficPanel } from "./traffic-panel.js";

/** @param {State} state */
const byUrl = (state) => queryBy(state.queries, ["url"]);
const WITHOUT = "This pipeline has no query that groups by url alone, such as url_counts.";

/** Which pages, and when. @param {Page} page @returns {View} */
export function pagesView(page) {
  const panels = [
    trafficPanel(page, { wide: true }),
    topPanel({ title: "Top pages", noun: "page", query: byUrl, without: WITHOUT }, page),
    openPanel({ title: "Pages in open windows", query: byUrl, without: WITHOUT }, page),
  ];
  return {
    node: h("div", { class: "panels" }, ...panels.map(({ node }) => node)),
    paint: (state) => panels.forEach((panel) => void panel.paint(state)),
  };
}
