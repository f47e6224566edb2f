import type { Measure, QueryPlan } from "../../../queries/plan.ts";
import { fieldColumn } from "./judged-events.ts";
import { plainNumber, seconds } from "./number-sql.ts";
import { quotedName, selectFrom } from "./sql-text.ts";

/** Columns of a group's earliest and latest event time, ms. */
export const FIRST = "first_ms";
export const LAST = "last_ms";

/** A query's rows as the files show them, each with its day for the folder, from groups: `window`, keys, and a column for each measure. */
export function rowsOf(query: QueryPlan, groups: string): string {
  return selectFrom(
    [
      `${isoTime("window.start")} AS window_start`,
      `${isoTime("window.end")} AS window_end`,
      ...query.by.map((field) => `${fieldColumn(field)} AS ${quotedName(field)}`),
      ...Object.entries(query.measures).map(
        ([column, measure]) => `${shown(measure, measureColumn(column))} AS ${quotedName(column)}`,
      ),
      "date_format(window.start, 'yyyy-MM-dd') AS date",
    ],
    groups,
  );
}

function shown(measure: Measure, value: string): string {
  switch (measure.kind) {
    case "count":
    case "countWhere":
    case "countDistinct":
    case "first":
    case "last":
    case "single":
      return value;
    case "minTime":
      return isoTime(`timestamp_millis(${FIRST})`);
    case "maxTime":
      return isoTime(`timestamp_millis(${LAST})`);
    case "timeSpan":
      return seconds(value);
    case "sum":
    case "min":
    case "max":
      return plainNumber(value);
  }
}

function isoTime(time: string): string {
  return `date_format(${time}, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")`;
}

/** Name of a measure's column. */
export function measureColumn(column: string): string {
  return `m_${column}`;
}
