import { DATA_QUALITY } from "../queries/data-quality.ts";
import type { Measure, QueryPlan } from "../queries/plan.ts";

/**
 * Types of columns in DuckDB and Parquet. Times are UTC. Seconds are decimals, not doubles: spans are whole milliseconds,
 * so that three decimals are exact (up to 2^51 ms, which DuckDB reads exactly from JSON), and sums of them stay so.
 */
export type ColumnType = "TIMESTAMP" | "VARCHAR" | "BIGINT" | "DECIMAL(18,3)" | "DECIMAL(38,6)" | "DOUBLE";

/** A column of a query's rows. */
export interface Column {
  name: string;
  type: ColumnType;
}

/** A query as its rows show it. */
export interface RowShape {
  query: string;
  /** In the order of the rows: `window_start`, `window_end`, keys, measures. */
  columns: readonly Column[];
  /** Names of the keys among them. */
  keys: readonly string[];
}

/** Rows that are no query's, and whose first ones tell too little of their types. */
export const OTHER_SHAPES: readonly RowShape[] = [
  {
    query: DATA_QUALITY,
    keys: ["expectation", "key"],
    columns: [
      { name: "window_start", type: "TIMESTAMP" },
      { name: "window_end", type: "TIMESTAMP" },
      { name: "expectation", type: "VARCHAR" },
      { name: "key", type: "VARCHAR" },
      { name: "value", type: "DOUBLE" },
      { name: "expected_low", type: "DOUBLE" },
      { name: "expected_high", type: "DOUBLE" },
      { name: "samples", type: "BIGINT" },
      { name: "ok", type: "VARCHAR" }, // true, false, or null
    ],
  },
];

/** The columns of a plan's rows. */
export function shapeOf({ name, by, measures }: QueryPlan): RowShape {
  return {
    query: name,
    keys: by,
    columns: [
      { name: "window_start", type: "TIMESTAMP" },
      { name: "window_end", type: "TIMESTAMP" },
      ...by.map((key): Column => ({ name: key, type: "VARCHAR" })),
      ...Object.entries(measures).map(
        ([column, measure]): Column => ({ name: column, type: typeOf(measure) }),
      ),
    ],
  };
}

function typeOf(measure: Measure): ColumnType {
  switch (measure.kind) {
    case "count":
    case "countWhere":
    case "countDistinct":
    case "single":
      return "BIGINT";
    case "minTime":
    case "maxTime":
      return "TIMESTAMP";
    case "timeSpan":
      return "DECIMAL(18,3)";
    case "sum":
    case "min":
    case "max":
      return "DECIMAL(38,6)";
    case "first":
    case "last":
      return "VARCHAR";
  }
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** What rows of a query without a plan look like, from some of them. */
export function inferShape(query: string, rows: readonly Readonly<Record<string, unknown>>[]): RowShape {
  const names = Object.keys(rows[0] ?? {});
  const columns = names.map(
    (name): Column => ({
      name,
      type: inferType(
        name,
        rows.map((row) => row[name]),
      ),
    }),
  );
  return { query, columns, keys: columns.filter(({ type }) => type === "VARCHAR").map(({ name }) => name) };
}

function inferType(name: string, values: readonly unknown[]): ColumnType {
  if (values.every((value) => typeof value === "string" && TIME.test(value))) return "TIMESTAMP";
  if (!values.every((value) => typeof value === "number")) return "VARCHAR";
  if (name.endsWith("_seconds")) return "DECIMAL(18,3)";
  return values.every(Number.isSafeInteger) ? "BIGINT" : "DOUBLE";
}
