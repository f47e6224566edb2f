/** @import { Page, View } from "../model/state.js" */
import { h } from "../base/dom.js";
import { queryBy } from "../model/query-shapes.js";
import { sharePanel } from "./share-panel.js";

/** On what. @param {Page} page @returns {View} */
export function devicesView(page) {
  const panels = [
    sharePanel(
      {
        title: "Devices",
        key: "device_type",
        query: ({ queries }) =>
          queryBy(queries, ["device_type"]) ?? queryBy(queries, ["device_type", "browser"]),
        without: "This pipeline has no query that groups by device_type, such as device_counts.",
      },
      page,
    ),
    sharePanel(
      {
        title: "Browsers",
        key: "browser",
        query: ({ queries }) => queryBy(queries, ["browser"]) ?? queryBy(queries, ["device_type", "browser"]),
        without: "This pipeline has no query that groups by browser, such as browser_counts.",
      },
      page,
    ),
  ];
  return {
    node: h("div", { class: "panels" }, ...panels.map(({ node }) => node)),
    paint: (state) => panels.forEach((panel) => void panel.paint(state)),
  };
}
