/** @import { Queries, QueryInfo } from "../../api.ts" */
import { hasMeasure, keysOf } from "./query-shapes.js";

/** The query with a row for each whole session. @param {Queries | null} queries @returns {QueryInfo | undefined} */
export function sessionQuery(queries) {
  return queries?.queries.find(
    (query) => keysOf(query).join() === "session_id" && hasMeasure(query, "entry_page"),
  );
}

/** The query with a row for each two pages that follow each other. @param {Queries | null} queries @returns {QueryInfo | undefined} */
export function transitionQuery(queries) {
  return queries?.queries.find((query) => keysOf(query).join() === "from_page,to_page");
}
