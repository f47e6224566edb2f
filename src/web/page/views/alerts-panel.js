/** @import { Alerts } from "../../api.ts" */
/** @import { State } from "../model/state.js" */
import { h, setAttribute, setText } from "../base/dom.js";
import { counted, formatCount, UNKNOWN } from "../format/numbers.js";
import { shownText } from "../format/text.js";
import { formatMoment } from "../format/times.js";
import { panel } from "../parts/panel.js";
import { column, dataTable } from "../parts/table.js";

/** @typedef {Alerts["active"][number]} ActiveAlert */
/** @typedef {Alerts["recent"][number]} AlertChange */

/** Alerts that fire or are on their way, and what changed last. */
export function alertsPanel() {
  const active = dataTable({
    label: "Alerts that are pending or firing",
    key: (/** @type {ActiveAlert} */ { rule, key }) => JSON.stringify([rule, key]),
    rowClass: ({ phase }) => (phase === "firing" ? "warn" : ""),
  });
  const recent = dataTable({
    label: "Latest changes of alerts",
    key: (/** @type {AlertChange} */ { id }) => id,
  });
  const calm = h("p", { class: "quiet" });
  const heading = h("h3", { text: "Latest changes" });
  const waiting = h("p", { class: "quiet" });
  const atRest = h("p", {
    class: "quiet",
    text: "As run or process recorded it last: serve shows alerts and evaluates no rules.",
  });
  const shell = panel(
    { title: "Alerts", wide: true },
    ...[atRest, active.node, calm, heading, recent.node, waiting],
  );
  return {
    node: shell.node,
    /** @param {State} state */
    paint({ pipeline }) {
      const alerts = pipeline?.alerts ?? null;
      shell.node.hidden = alerts === null;
      if (alerts === null) return;
      shell.content();
      setAttribute(atRest, "hidden", alerts.evaluated);
      shell.lead(`${formatCount(alerts.firing)} firing, ${formatCount(alerts.pending)} pending`);
      active.paint(ACTIVE_COLUMNS, alerts.active);
      recent.paint(CHANGE_COLUMNS, alerts.recent);
      setAttribute(active.node, "hidden", alerts.active.length === 0);
      setAttribute(calm, "hidden", alerts.active.length > 0);
      setText(calm, `Nothing of ${counted(alerts.rules, "rule")} fires.`);
      for (const node of [heading, recent.node]) setAttribute(node, "hidden", alerts.recent.length === 0);
      const sinks = Object.entries(alerts.undelivered);
      setAttribute(waiting, "hidden", sinks.length === 0);
      setText(
        waiting,
        `Not told yet: ${sinks.map(([sink, count]) => `${formatCount(count)} to the ${sink}`).join(", ")}.`,
      );
    },
  };
}

/** @param {Readonly<Record<string, string>>} key */
const about = (key) => Object.values(key).map(shownText).join(" · ") || UNKNOWN;
/** @param {number | null} value */
const valueText = (value) => (value === null ? UNKNOWN : String(Math.round(value * 10_000) / 10_000));

const ACTIVE_COLUMNS = [
  column("alert", (/** @type {ActiveAlert} */ { rule }) => rule, "text"),
  column("of", (/** @type {ActiveAlert} */ { key }) => about(key), "text"),
  column("state", (/** @type {ActiveAlert} */ { phase }) => phase, "text"),
  column("severity", (/** @type {ActiveAlert} */ { severity }) => severity, "text"),
  column("since", (/** @type {ActiveAlert} */ { sinceMs }) => formatMoment(sinceMs)),
  column("value", (/** @type {ActiveAlert} */ { value }) => valueText(value)),
  column("condition", (/** @type {ActiveAlert} */ { condition }) => shownText(condition), "text"),
  column(
    "what to do",
    (/** @type {ActiveAlert} */ { note }) => (note === null ? "" : shownText(note)),
    "text",
  ),
];

const CHANGE_COLUMNS = [
  column("at", (/** @type {AlertChange} */ { atMs }) => formatMoment(atMs)),
  column("alert", (/** @type {AlertChange} */ { rule }) => rule, "text"),
  column("of", (/** @type {AlertChange} */ { key }) => about(key), "text"),
  column("became", (/** @type {AlertChange} */ { state }) => state, "text"),
  column("value", (/** @type {AlertChange} */ { value }) => valueText(value)),
];
