import type { EventRules, KeyField } from "../../../events/event.ts";
import { fieldsOfEvents, type ReadField } from "./event-fields.ts";
import { exactVerdict, type Step } from "./exact-verdict.ts";
import { familiarEvents } from "./familiar-events.ts";
import { plainEvents } from "./plain-events.ts";
import { nested, selectFrom, textLiteral } from "./sql-text.ts";

/** What is judged by which rules, and what is kept beside the verdict. */
export interface Judging {
  readonly rules: EventRules;
  readonly maxAheadMs: number;
  /** View of records: the columns of Spark's Kafka source. */
  readonly source: string;
  /** Columns of the records, by name, in SQL. */
  readonly record: Readonly<Record<string, string>>;
  /** Fields of the events, each a column of its name prefixed by `f_`. */
  readonly fields: readonly KeyField[];
}

/** Name of a field's column. */
export function fieldColumn(field: KeyField): string {
  return `f_${field}`;
}

/**
 * A query that gives each record its verdict: `reason`, NULL for an event, and the
 * event's time in ms and fields. A generator stands at the end, because Spark pushes no condition through it: otherwise
 * it would parse an event once more for each condition on the verdict.
 */
export function judgedEvents({ rules, maxAheadMs, source, record, fields }: Judging): string {
  const declared = fieldsOfEvents(rules);
  const plain = plainEvents(rules, declared);
  const familiar = familiarEvents(rules, declared);
  const isUnknown = plain === undefined ? "true" : "plain_ms IS NULL";
  const isOpen = familiar === undefined ? isUnknown : `${isUnknown} AND quick_ms IS NULL`;
  const steps: Step[] = [
    { s: "cast(value AS string)" },
    ...(plain === undefined ? [] : [{ p: plain.pieces }, { plain_ms: plain.timeMs }]),
    ...(familiar === undefined
      ? []
      : [
          {
            inside: `CASE WHEN ${isUnknown} THEN cast(substring(value, 2, length(value) - 2) AS string) END`,
          },
          { e: familiar.members },
          { quick_ms: familiar.timeMs },
        ]),
    ...exactVerdict(rules, declared, isOpen),
  ];
  const columns = (step: Step): string[] =>
    Object.entries(step).map(([name, value]) => `${value} AS ${name}`);
  const stepped = steps.reduce((sql, step) => nested(selectFrom(["*", ...columns(step)], sql)), source);
  const ways = [
    ...(plain === undefined ? [] : [{ timeMs: "plain_ms", content: plain.content }]),
    ...(familiar === undefined ? [] : [{ timeMs: "quick_ms", content: familiar.content }]),
  ];
  const byWay = (sql: (way: (typeof ways)[number]) => string, exact: string): string => {
    const cases = ways.map((way) => `WHEN ${way.timeMs} IS NOT NULL THEN ${sql(way)}`);
    return cases.length === 0 ? exact : `CASE ${cases.join(" ")} ELSE ${exact} END`;
  };
  const content = (name: string): string => {
    const text = declared.constant.get(name);
    if (text !== undefined) return textLiteral(text);
    const field = declared.read.find((candidate) => candidate.name === name) as ReadField;
    return byWay((way) => way.content(field), `c_${name}`);
  };
  const verdict = [
    `'reason', ${byWay(() => "NULL", "reason")}`,
    `'time_ms', ${byWay(({ timeMs }) => timeMs, "c_timestamp")}`,
    ...fields.map((field) => `'${fieldColumn(field)}', ${content(field)}`),
  ];
  const judged = nested(
    selectFrom(
      [
        "timestamp AS record_time",
        ...columns(record),
        `inline(array(named_struct(\n    ${verdict.join(",\n    ")})))`,
      ],
      stepped,
    ),
  );
  const kept = [...Object.keys(record), "time_ms", ...fields.map(fieldColumn)];
  return selectFrom([...kept, `${withRecordTime(maxAheadMs)} AS reason`], judged);
}

/** What the record's own time adds to a verdict. */
function withRecordTime(maxAheadMs: number): string {
  const recordMs = "unix_millis(record_time)";
  return `CASE WHEN reason IS NOT NULL THEN reason WHEN ${recordMs} < 0 THEN 'no_record_time' WHEN time_ms > ${recordMs} + ${maxAheadMs} THEN 'from_the_future' END`;
}
