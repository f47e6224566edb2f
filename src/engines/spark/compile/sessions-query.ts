import assert from "node:assert/strict";
import type { Measure, QueryPlan, SessionRule } from "../../../queries/plan.ts";
import { fieldColumn } from "./judged-events.ts";
import { FIRST, LAST, measureColumn, rowsOf } from "./row-columns.ts";
import { groupBy, nested, textLiteral } from "./sql-text.ts";
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
  const fields = fieldsOfQuery(query).map(fieldColumn);
  const event = ["time_ms", "offset", "partition", ...fields];
  const instants = nested(
    groupBy(["window AS instant", ...event], watermarked(events, delayMs), [
      "window(time, '1 millisecond')",
      ...event,
    ]),
  );
  const keys = query.by.map(fieldColumn);
  const measures = Object.entries(query.measures).flatMap(([column, measure]) => {
    const value = measured(measure);
    return value === undefined ? [] : [{ name: measureColumn(column), value }];
  });
  const whole = nested(
    groupBy(
      [
        "session_window AS whole",
        ...keys,
        `min(time_ms) AS ${FIRST}`,
        `max(time_ms) AS ${LAST}`,
        ...measures.map(({ name, value }) => `${value} AS ${name}`),
      ],
      instants,
      [`session_window(instant, '${rule.gapMs} milliseconds')`, ...keys],
    ),
  );
  const values = [...keys, FIRST, LAST, ...measures.map(({ name }) => name)];
  const spans = Object.entries(query.measures).flatMap(([column, { kind }]) =>
    kind === "timeSpan" ? [`${LAST} - ${FIRST} AS ${measureColumn(column)}`] : [],
  );
  const ended = groupBy(["window", ...values, ...spans], whole, [
    `window(whole, '${rule.paneMs} milliseconds')`,
    ...values,
  ]);
  return rowsOf(query, nested(ended));
}

/** A measure over the events of a session; undefined for what follows from its times. */
function measured(measure: Measure): string | undefined {
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
      return `min_by(${fieldColumn(measure.field)}, ${PLACE})`;
    case "last":
      return `max_by(${fieldColumn(measure.field)}, ${PLACE})`;
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
