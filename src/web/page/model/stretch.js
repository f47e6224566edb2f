/** @import { QueryInfo } from "../../api.ts" */
/** @import { State } from "./state.js" */
import { RANGE_MS } from "./route.js";

/** More points than this can't be told apart on a screen. */
const MAX_POINTS = 180;
const MINUTE_MS = 60_000;
const STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440].map((minutes) => minutes * MINUTE_MS);

/** Final windows to ask for, by their starts: [fromMs, toMs). @typedef {{ fromMs: number, toMs: number }} Stretch */

/**
 * The stretch that the route asks for, of windows that are final; null while none is.
 * @param {State} state
 * @param {QueryInfo} query
 * @returns {Stretch | null}
 */
export function stretchOf({ route, closedThroughMs }, { sizeMs, firstStartMs }) {
  if (closedThroughMs === null) return null;
  const endMs = Math.min(route.untilMs ?? closedThroughMs, closedThroughMs);
  const toMs = Math.max(0, endMs - sizeMs) + 1;
  const fromMs = Math.max(0, endMs - RANGE_MS[route.range]);
  return { fromMs: Math.min(Math.max(fromMs, firstStartMs ?? 0), toMs), toMs };
}

/**
 * Of which step windows are taken so that there are not too many: null for all.
 * @param {Stretch} stretch
 * @param {QueryInfo} query
 */
export function stepOf({ fromMs, toMs }, { slideMs }) {
  const neededMs = (toMs - fromMs) / MAX_POINTS;
  if (neededMs <= slideMs) return null;
  return (
    STEPS_MS.find((stepMs) => stepMs >= neededMs && stepMs % slideMs === 0) ??
    Math.ceil(neededMs / slideMs) * slideMs
  );
}

/** As a parameter of the API. @param {number | null} stepMs */
export function stepText(stepMs) {
  return stepMs === null ? null : `${Math.round(stepMs / 1000)}s`;
}
