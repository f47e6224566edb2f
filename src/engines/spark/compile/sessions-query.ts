import assert from "node:assert/strict";
import type { Measure, QueryPlan, SessionRule } from "../../../queries/plan.ts";
import { fieldColumn } from "./judged-events.ts";
import { FIRST, LAST, measureColumn, rowsOf } from "./row-columns.ts";
import { groupBy, nested, selectFrom, textLiteral } from "./sql-text.ts";
import { watermarked } from "./time-sql.ts";
import { fieldsOfQuery } from "./windowed-query.ts";

/** The order of a session's events. */
const PLACE = "struct(time_ms, offset, partition)";

/**
 * Rows of whole sessions over a view of events (`time`, `time_ms`, `partition`, `offset` and field columns), in three steps
 * that keep state:
 *
 * 1. Each event waits in a group of its own, an instant of 1 ms, until the watermark has passed it. What comes behind the
 *    watermark is dropped here, so a session that the next step has let go of can't get a further event.
 * 2. Spark's session windows join instants that are at most the gap apart, and let go of a session once the watermark is
 *    more than the gap past its last event.
 * 3. Each session waits until the window of its row is complete, so that a batch commits windows whole.
 */
export function sessionsQuery(query: QueryPlan, rule: SessionRule, delayMs: number, events: string): string {
  const event = ["time_ms", "offset", "partition", ...fieldsOfQuery(query).map(fieldColumn)];
  const instants = nested(
    groupBy(["window AS instant", ...event], watermarked(events, delayMs), [
      "window(time, '1 millisecond')",
      ...event,
    ]),
  );
  const keys = query.by.map(fieldColumn);
  const measures = Object.entries(query.measures);
  const totals = measures.flatMap(([column, measure]) => {
    const total = totalOf(measure);
    return total === undefined ? [] : [`${total} AS ${measureColumn(column)}`];
  });
  const times = [`min(time_ms) AS ${FIRST}`, `max(time_ms) AS ${LAST}`];
  const sessions = nested(
    groupBy(["session_window AS whole", ...keys, ...times, ...outerEvents(query), ...totals], instants, [
      `session_window(instant, '${rule.gapMs} milliseconds')`,
      ...keys,
    ]),
  );
  const values = measures.flatMap(([column, measure]) => {
    const name = measureColumn(column);
    const value = valueOfSession(measure, name);
    if (value === undefined) return [];
    return [{ name, column: value === name ? name : `${value} AS ${name}` }];
  });
  const inColumns = nested(
    selectFrom(["whole", ...keys, FIRST, LAST, ...values.map(({ column }) => column)], sessions),
  );
  const columns = [...keys, FIRST, LAST, ...values.map(({ name }) => name)];
  const windows = [`window(whole, '${rule.paneMs} milliseconds')`, ...columns];
  return rowsOf(query, nested(groupBy(["window", ...columns], inColumns, windows)));
}

/** The first and the last event of a session, with the fields that are asked of them. */
function outerEvents({ measures }: QueryPlan): readonly string[] {
  return (["first", "last"] as const).flatMap((kind) => {
    const fields = Object.values(measures).flatMap((measure) =>
      measure.kind === kind ? [fieldColumn(measure.field)] : [],
    );
    const pick = kind === "first" ? "min_by" : "max_by";
    return fields.length === 0 ? [] : [`${pick}(struct(${fields.join(", ")}), ${PLACE}) AS ${kind}_event`];
  });
}

/** What the events of a session add up to; undefined for what follows from its times, its first or its last event. */
function totalOf(measure: Measure): string | undefined {
  switch (measure.kind) {
    case "count":
      return "count(*)";
    case "countWhere":
      return `count_if(${fieldColumn(measure.field)} = ${textLiteral(measure.value)})`;
    case "countDistinct":
      return `size(collect_set(${fieldColumn(measure.field)}))`;
    case "single":
      return `cast(size(collect_set(${fieldColumn(measure.field)})) = 1 AS int)`;
    case "first":
    case "last":
    case "minTime":
    case "maxTime":
    case "timeSpan":
      return undefined;
    case "sum":
    case "min":
    case "max":
      assert.fail(`no session has a ${measure.kind}`);
  }
}

/** A measure of a session, whose total is in `column`; undefined for what its times are. */
function valueOfSession(measure: Measure, column: string): string | undefined {
  switch (measure.kind) {
    case "first":
    case "last":
      return `${measure.kind}_event.${fieldColumn(measure.field)}`;
    case "timeSpan":
      return `${LAST} - ${FIRST}`;
    case "minTime":
    case "maxTime":
      return undefined;
    default:
      return column;
  }
}
