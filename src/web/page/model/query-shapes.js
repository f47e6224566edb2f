/** @import { Queries, QueryInfo } from "../../api.ts" */

/**
 * Views find their queries by what these group by and measure, not by their names: a query of the user's own serves as well,
 * and a pipeline without one only lacks its panels.
 */

/** @typedef {QueryInfo["columns"][number]} Column */

/** @param {QueryInfo} query @returns {string[]} */
export function keysOf({ columns }) {
  return columns.filter(({ role }) => role === "key").map(({ name }) => name);
}

/** @param {QueryInfo} query @returns {Column[]} */
export function measuresOf({ columns }) {
  return columns.filter(({ role }) => role === "measure");
}

/** Measures that can be ranked and drawn: all but times. @param {QueryInfo} query @returns {Column[]} */
export function numbersOf(query) {
  return measuresOf(query).filter(({ type }) => type !== "time");
}

/** Whether the query has a measure of this name. @param {QueryInfo} query @param {string} name */
export function hasMeasure({ columns }, name) {
  return columns.some((column) => column.role === "measure" && column.name === name);
}

/**
 * The first query that groups by just these fields and counts events.
 * @param {Queries | null} queries
 * @param {readonly string[]} keys
 * @returns {QueryInfo | undefined}
 */
export function queryBy(queries, keys) {
  return queries?.queries.find((query) => {
    const own = keysOf(query);
    return (
      own.length === keys.length && keys.every((key) => own.includes(key)) && countOf(query) !== undefined
    );
  });
}

/**
 * The measure that counts events: the one called so, else the first count that can be summed.
 * @param {QueryInfo} query
 */
export function countOf(query) {
  const sums = measuresOf(query).filter(({ type, combine }) => type === "count" && combine === "sum");
  return (sums.find(({ name }) => name === "events") ?? sums[0])?.name;
}
