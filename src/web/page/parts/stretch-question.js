/** @import { QueryInfo } from "../../api.ts" */
/** @import { State } from "../model/state.js" */
/** @import { Stretch } from "../model/stretch.js" */
import { counted } from "../format/numbers.js";
import { formatDuration, formatMoment } from "../format/times.js";
import { stretchOf } from "../model/stretch.js";

export const NOTHING_FINAL =
  "No window is final yet. The first one closes when events have moved past its end and the delay.";
/**
 * What a panel asks of a query in the stretch that the route chose, as historyPanel takes it; else why there is nothing to ask.
 * @template {object} M
 * @param {State} state
 * @param {QueryInfo} query
 * @param {M} more that it depends on
 * @returns {{ identity: string, through: number | null, asked: { query: QueryInfo, stretch: Stretch } & M } | string}
 */
export function stretchQuestion(state, query, more) {
  const stretch = stretchOf(state, query);
  if (stretch === null) return NOTHING_FINAL;
  const { range, untilMs } = state.route;
  return {
    identity: JSON.stringify([query.name, range, untilMs, more]),
    through: state.closedThroughMs,
    asked: { query, stretch, ...more },
  };
}

export const NOTHING_THERE = "No windows in this stretch of time.";

/** What a chart of windows shows. @param {number} windows @param {QueryInfo} query @param {number} stepMs @param {boolean} thinned */
export function windowsLead(windows, { sizeMs }, stepMs, thinned) {
  const others = thinned ? ", those between left out" : "";
  return `${counted(windows, "final window")} of ${formatDuration(sizeMs)}, one every ${formatDuration(stepMs)}${others}`;
}

/** What a ranking is made of. @param {{ windows: number, fromMs: number, toMs: number, stepMs: number }} top @param {QueryInfo} query */
export function rankingLead({ windows, fromMs, toMs }, { sizeMs }) {
  return `${counted(windows, "final window")} of ${formatDuration(sizeMs)}, ${formatMoment(fromMs)} to ${formatMoment(toMs - 1 + sizeMs)} UTC`;
}
