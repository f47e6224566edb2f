/** @import { WindowRows } from "./window-series.js" */
import { sumsBy } from "./window-series.js";

/** More parts than this are one part called so. */
export const OTHERS = "others";
const MAX_PARTS = 6;

/**
 * Shares of the values of a key, window by window.
 * @typedef {object} Shares
 * @property {string[]} parts the greatest first
 * @property {number[][]} values by part, then by window
 */

/**
 * @param {readonly WindowRows[]} windows
 * @param {string} key
 * @param {string} measure
 * @returns {Shares}
 */
export function sharesOf(windows, key, measure) {
  const sums = windows.map(({ rows }) => sumsBy(rows, key, measure));
  /** @type {Map<string, number>} */
  const totals = new Map();
  for (const window of sums)
    for (const [part, value] of window) totals.set(part, (totals.get(part) ?? 0) + value);
  const ranked = [...totals].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([part]) => part);
  const own = ranked.length > MAX_PARTS ? ranked.slice(0, MAX_PARTS - 1) : ranked;
  const rest = ranked.slice(own.length);
  const values = own.map((part) => sums.map((window) => window.get(part) ?? 0));
  if (rest.length === 0) return { parts: own, values };
  values.push(sums.map((window) => rest.reduce((sum, part) => sum + (window.get(part) ?? 0), 0)));
  return { parts: [...own, OTHERS], values };
}

/** The share of each part in one window; null where the window is empty. @param {Shares} shares @param {number} window */
export function shareIn({ values }, window) {
  const total = values.reduce((sum, part) => sum + (part[window] ?? 0), 0);
  return values.map((part) => (total === 0 ? null : (part[window] ?? 0) / total));
}
