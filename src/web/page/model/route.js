/** What the address says after `#`: the view, and what it is asked to show. Links keep working. */

export const VIEWS = /** @type {const} */ ([
  "now",
  "pages",
  "devices",
  "users",
  "sessions",
  "pipeline",
  "queries",
]);
export const RANGES = /** @type {const} */ (["1h", "6h", "24h", "7d", "30d"]);

/**
 * @typedef {(typeof VIEWS)[number]} ViewName
 * @typedef {(typeof RANGES)[number]} Range
 * @typedef {object} Route
 * @property {ViewName} view
 * @property {Range} range
 * @property {number | null} untilMs the end of what is shown; null for the latest that is final
 * @property {Readonly<Record<string, string>>} chosen what else was chosen on the view: search, by, user, query
 */

const HOUR_MS = 3_600_000;
const CHOICES = /** @type {const} */ (["search", "by", "user", "query"]);
const MAX_LENGTH = 600;

/** @type {Readonly<Record<Range, number>>} */
export const RANGE_MS = {
  "1h": HOUR_MS,
  "6h": 6 * HOUR_MS,
  "24h": 24 * HOUR_MS,
  "7d": 168 * HOUR_MS,
  "30d": 720 * HOUR_MS,
};

/** Reads an address of unknown origin: what can't be used is as if it were not there. @param {string} hash @returns {Route} */
export function readRoute(hash) {
  const [, name = "", rest = ""] = /^#?([a-z]*)\??(.*)$/s.exec(hash) ?? [];
  const given = new URLSearchParams(rest);
  const view = VIEWS.find((known) => known === name) ?? "now";
  const range = RANGES.find((known) => known === given.get("range")) ?? "1h";
  const until = Date.parse(given.get("until") ?? "");
  /** @type {Record<string, string>} */
  const chosen = {};
  for (const choice of CHOICES) {
    const value = given.get(choice);
    if (value !== null && value !== "" && value.length <= MAX_LENGTH) chosen[choice] = value;
  }
  return { view, range, untilMs: Number.isFinite(until) && until >= 0 ? until : null, chosen };
}

/** @param {Route} route */
export function writeRoute({ view, range, untilMs, chosen }) {
  const given = new URLSearchParams();
  if (range !== "1h") given.set("range", range);
  if (untilMs !== null) given.set("until", new Date(untilMs).toISOString());
  for (const [name, value] of Object.entries(chosen)) if (value !== "") given.set(name, value);
  return `#${view}${given.size === 0 ? "" : `?${given}`}`;
}
