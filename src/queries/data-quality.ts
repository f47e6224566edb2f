import type { KeyField } from "../events/event.ts";
import type { Measure, QueryPlan, WindowLengths } from "./plan.ts";

/** Where rows about the data are, beside those of the queries. */
export const DATA_QUALITY = "data_quality";

/** Rows of so many days before say what is expected: no row of them may be missed earlier. */
export const HISTORY_DAYS = 14;

/** A value that need not be there, and whose absence is no zero. */
const number = (column: string): Measure => ({ kind: "max", field: column as KeyField });

/** Rows about the data as if a query had made them, for those who read rows. No engine runs it. */
export function dataQualityPlan({ sizeMs }: WindowLengths): QueryPlan {
  const columns = ["value", "expected_low", "expected_high", "samples", "ok"];
  return Object.freeze({
    name: DATA_QUALITY,
    by: Object.freeze(["expectation", "key"].map((column) => column as KeyField)),
    measures: Object.freeze(Object.fromEntries(columns.map((column) => [column, number(column)]))),
    windows: Object.freeze({ sizeMs, slideMs: sizeMs }),
  });
}

/** What rows of a pipeline can be looked at: its queries', and those about the data where it has them. */
export function rowPlans(queries: readonly QueryPlan[], pipeline: WindowLengths): readonly QueryPlan[] {
  return queries.some(({ arrivals }) => arrivals) ? [...queries, dataQualityPlan(pipeline)] : queries;
}
