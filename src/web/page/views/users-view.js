/** @import { Page, State, View } from "../model/state.js" */
import { h } from "../base/dom.js";
import { queryBy } from "../model/query-shapes.js";
import { writeRoute } from "../model/route.js";
import { engagementPanel } from "./engagement-panel.js";
import { openPanel } from "./open-panel.js";
import { topPanel } from "./top-panel.js";
import { userPanel } from "./user-panel.js";
import { visitorsPanel } from "./visitors-panel.js";

/** @param {State} state */
const byUser = (state) => queryBy(state.queries, ["user_id"]);
const WITHOUT = "This pipeline has no query that groups by user_id alone, such as user_activity.";

/** Who, for how long. @param {Page} page @returns {View} */
export function usersView(page) {
  /** @type {State | undefined} */
  let latest;
  /** @param {string} user */
  const link = (user) => {
    const { range = "1h", untilMs = null } = latest?.route ?? {};
    return writeRoute({ view: "users", range, untilMs, chosen: { user } });
  };
  const user = userPanel(page);
  const panels = [
    visitorsPanel(page),
    engagementPanel(page),
    topPanel({ title: "Most active users", noun: "user", query: byUser, without: WITHOUT, link }, page),
    openPanel({ title: "Users in open windows", query: byUser, without: WITHOUT, link }, page),
  ];
  return {
    node: h("div", { class: "panels" }, user.node, ...panels.map(({ node }) => node)),
    paint(state) {
      latest = state;
      user.paint(state);
      for (const panel of panels) panel.paint(state);
    },
  };
}
