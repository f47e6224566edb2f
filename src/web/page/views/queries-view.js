/** @import { QueryInfo } from "../../api.ts" */
/** @import { Page, State, View } from "../model/state.js" */
import { h } from "../base/dom.js";
import { formatDuration } from "../format/times.js";
import { keysOf, measuresOf } from "../model/query-shapes.js";
import { choices } from "../parts/choices.js";
import { panel } from "../parts/panel.js";
import { measurePanel } from "./measure-panel.js";
import { openPanel } from "./open-panel.js";
import { topPanel } from "./top-panel.js";

/** @param {State} state @returns {QueryInfo | undefined} */
function chosenQuery({ queries, route }) {
  return queries?.queries.find(({ name }) => name === route.chosen.query) ?? queries?.queries[0];
}

const WITHOUT = "This pipeline has no queries yet: nothing is committed.";

/** Any query of the pipeline, those of the user's own included, by its columns. @param {Page} page @returns {View} */
export function queriesView(page) {
  const picker = choices({
    label: "Query",
    choose: (query) => page.go({ chosen: { query, by: "", search: "" } }),
  });
  const shell = panel({ title: "Queries", wide: true }, picker.node);
  const top = topPanel({ title: "Keys with most", noun: "key", query: chosenQuery, without: WITHOUT }, page);
  const measure = measurePanel({ query: chosenQuery, without: WITHOUT }, page);
  const open = openPanel({ title: "Rows in open windows", query: chosenQuery, without: WITHOUT }, page);
  return {
    node: h("div", { class: "panels" }, shell.node, measure.node, top.node, open.node),
    paint(state) {
      const query = chosenQuery(state);
      if (state.queries === null) return shell.instead("loading", "Asking…");
      if (query === undefined) shell.instead("empty", WITHOUT);
      else {
        shell.content();
        shell.lead(describe(query));
        picker.paint(
          state.queries.queries.map(({ name }) => ({ value: name, text: name })),
          query.name,
        );
      }
      top.node.hidden = query === undefined || keysOf(query).length === 0;
      if (!top.node.hidden) top.paint(state);
      measure.node.hidden = query === undefined;
      open.node.hidden = query === undefined;
      if (query === undefined) return;
      measure.paint(state);
      open.paint(state);
    },
  };
}

/** @param {QueryInfo} query */
function describe(query) {
  const keys = keysOf(query);
  const by = keys.length === 0 ? "all events together" : `by ${keys.join(", ")}`;
  return `${formatDuration(query.sizeMs)} windows, one every ${formatDuration(query.slideMs)}, ${by}: ${measuresOf(
    query,
  )
    .map(({ name }) => name)
    .join(", ")}`;
}
