/** @import { QueryInfo, Row, Windows } from "../../api.ts" */
/** @import { State } from "./state.js" */
/** @import { Stretch } from "./stretch.js" */
import { ask } from "../net/ask.js";
import { stepOf, stepText } from "./stretch.js";

/** Pages of 10,000 rows at most: a chart that needs more is a table that nobody reads. */
const MAX_PAGES = 3;

/**
 * Rows of one window.
 * @typedef {{ startMs: number, rows: Row[], open: boolean }} WindowRows
 */

/**
 * Final windows of a stretch, ascending. Windows without events are there, with no rows.
 * @param {QueryInfo} query
 * @param {Stretch} stretch
 * @param {AbortSignal} signal
 * @returns {Promise<{ windows: WindowRows[], stepMs: number, thinned: boolean, cut: boolean }>} `thinned` when steps were
 *   left out, `cut` when there was more than is asked for
 */
export async function finalWindows(query, stretch, signal) {
  const stepMs = stepOf(stretch, query);
  /** @type {Map<number, Row[]>} */
  const byStart = new Map();
  /** @type {string | null} */
  let cursor = null;
  let pages = 0;
  do {
    /** @type {Windows} */
    const page = await ask(
      "/api/windows",
      {
        query: query.name,
        from: stretch.fromMs,
        to: stretch.toMs,
        step: stepText(stepMs),
        limit: 10_000,
        cursor,
      },
      signal,
    );
    for (const row of page.rows) {
      const startMs = Date.parse(String(row.window_start));
      const rows = byStart.get(startMs);
      if (rows === undefined) byStart.set(startMs, [row]);
      else rows.push(row);
    }
    cursor = page.nextCursor;
    pages++;
  } while (cursor !== null && pages < MAX_PAGES);
  const everyMs = stepMs ?? query.slideMs;
  return {
    windows: withEmptyOnes(byStart, everyMs),
    stepMs: everyMs,
    thinned: stepMs !== null,
    cut: cursor !== null,
  };
}

/** @param {Map<number, Row[]>} byStart @param {number} stepMs @returns {WindowRows[]} */
function withEmptyOnes(byStart, stepMs) {
  const starts = [...byStart.keys()].sort((a, b) => a - b);
  const [first, last] = [starts[0], starts.at(-1)];
  if (first === undefined || last === undefined) return [];
  /** @type {WindowRows[]} */
  const windows = [];
  for (let startMs = first; startMs <= last; startMs += stepMs) {
    windows.push({ startMs, rows: byStart.get(startMs) ?? [], open: false });
  }
  return windows;
}

/**
 * The open windows of a query, to stand behind those that are final; none where the route shows another stretch of time.
 * @param {State} state
 * @param {QueryInfo} query
 * @returns {WindowRows[]}
 */
export function openWindowsOf({ route, provisional, closedThroughMs }, query) {
  if (route.untilMs !== null || route.range !== "1h") return [];
  return (provisional?.windows ?? []).flatMap(({ startMs, endMs, queries }) => {
    const found = queries[query.name];
    const isOpen = closedThroughMs === null || endMs > closedThroughMs;
    return found === undefined || !isOpen ? [] : [{ startMs, rows: found.rows, open: true }];
  });
}

/** The sum of a measure over rows. @param {readonly Row[]} rows @param {string} measure */
export function sumOf(rows, measure) {
  return rows.reduce((sum, row) => sum + Number(row[measure] ?? 0), 0);
}

/** The sum of a measure by a key. @param {readonly Row[]} rows @param {string} key @param {string} measure @returns {Map<string, number>} */
export function sumsBy(rows, key, measure) {
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const row of rows) {
    const name = String(row[key]);
    sums.set(name, (sums.get(name) ?? 0) + Number(row[measure] ?? 0));
  }
  return sums;
}
