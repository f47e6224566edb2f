/** @import { Page, View } from "../model/state.js" */
import { h } from "../base/dom.js";
import { alertsPanel } from "./alerts-panel.js";
import { deadLettersPanel } from "./dead-letters-panel.js";
import { enginePanel } from "./engine-panel.js";
import { generatorPanel } from "./generator-panel.js";
import { holdUpPanel } from "./hold-up-panel.js";
import { partitionsPanel } from "./partitions-panel.js";
import { qualityPanel } from "./quality-panel.js";
import { sparkPanel } from "./spark-panel.js";

/** How the work is done, and what it waits for. @param {Page} _page @returns {View} */
export function pipelineView(_page) {
  const panels = [
    alertsPanel(),
    holdUpPanel(),
    partitionsPanel(),
    enginePanel(),
    generatorPanel(),
    qualityPanel(),
    sparkPanel(),
    deadLettersPanel(),
  ];
  return {
    node: h("div", { class: "panels" }, ...panels.map(({ node }) => node)),
    paint: (state) => panels.forEach((panel) => void panel.paint(state)),
  };
}
