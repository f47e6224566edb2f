import { hash } from "node:crypto";
import { UsageError } from "../../core/errors.ts";
import type { Measure, QueryPlan } from "../../queries/plan.ts";

/** Types of columns; those of PostgreSQL. */
export type ColumnType = "timestamp with time zone" | "text" | "bigint" | "numeric";

/** A column of a query's table and of its rows. */
export interface Column {
  name: string;
  type: ColumnType;
}

/** Part of the primary key instead of the keys themselves, which may be longer than an index takes. */
export const KEY_HASH = "_key_hash";
const KEY_HASH_BYTES = 16;

const SYSTEM_COLUMNS = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/** The columns of a query's rows, in their order. */
export function columnsOf({ by, measures }: QueryPlan): Column[] {
  return [
    { name: "window_start", type: "timestamp with time zone" },
    { name: "window_end", type: "timestamp with time zone" },
    ...by.map((name): Column => ({ name, type: "text" })),
    ...Object.entries(measures).map(([name, measure]): Column => ({ name, type: typeOf(measure) })),
  ];
}

/**
 * Refuses columns that no table can have.
 * @throws UsageError
 */
export function checkColumnNames(queries: readonly QueryPlan[]): void {
  for (const query of queries) {
    const column = columnsOf(query).find(({ name }) => SYSTEM_COLUMNS.includes(name));
    if (column === undefined) continue;
    throw new UsageError(
      `Query ${JSON.stringify(query.name)}: PostgreSQL has a system column ${column.name}.`,
      "Rename it, or leave out --postgres.",
    );
  }
}

function typeOf(measure: Measure): ColumnType {
  switch (measure.kind) {
    case "count":
    case "countWhere":
    case "countDistinct":
    case "single":
      return "bigint";
    case "minTime":
    case "maxTime":
      return "timestamp with time zone";
    case "timeSpan": // whole milliseconds as seconds
    case "sum":
    case "min":
    case "max":
      return "numeric"; // exact, as rows are, and so are sums of them
    case "first":
    case "last":
      return "text";
  }
}

/** A value of the column, as rows show it in JSON, in SQL. */
export function jsonText({ name, type }: Column): string {
  const column = identifier(name);
  return type === "timestamp with time zone"
    ? `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')` // the session's time zone is UTC
    : `${column}::text`;
}

/** A row's time in SQL. The last window of the year 9999 ends after it, which ISO 8601 writes with a sign. */
export function sqlTime(isoTime: string): string {
  return isoTime.startsWith("+0") ? isoTime.slice(2) : isoTime;
}

/** The inverse of `sqlTime`. */
export function isoTimeOf(sqlTime: string): string {
  return sqlTime[4] === "-" ? sqlTime : `+0${sqlTime}`;
}

/** A name in SQL. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The first 16 bytes of the SHA-256 of the keys, written as a JSON array, as COPY takes a bytea. */
export function keyHash(keys: readonly string[]): string {
  const digest = hash("sha256", JSON.stringify(keys), "hex");
  return `\\\\x${digest.slice(0, 2 * KEY_HASH_BYTES)}`;
}
