/** @import { OpenWindow } from "../../api.ts" */

/**
 * The open window to show when nobody chose one: the latest that events have already passed, so that it is nearly whole;
 * else the one that has most.
 * @param {readonly OpenWindow[]} windows ascending
 * @param {number | null} greatestMs event time
 * @param {string} query
 * @returns {OpenWindow | undefined}
 */
export function tellingWindow(windows, greatestMs, query) {
  const withRows = windows.filter(({ queries }) => (queries[query]?.rows.length ?? 0) > 0);
  const passed = withRows.filter(({ endMs }) => greatestMs !== null && endMs <= greatestMs);
  return passed.at(-1) ?? withRows[0];
}
