import { type EventRules, extraFieldsOf, type KeyField } from "../../../events/event.ts";
import { isNumberSource, sourceOf } from "../../../events/field-source.ts";
import { fieldColumn, type Judging, judgedEvents } from "./judged-events.ts";
import { NUMBER_TYPE } from "./number-sql.ts";
import { nested, selectFrom } from "./sql-text.ts";

/** What is kept of a record that is no event, so that it can become a dead letter: column, its SQL over Kafka's, its type. */
const LETTER = [
  ["key", "key", "BINARY"],
  ["value", "value", "BINARY"],
  ["partition", "partition", "INT"],
  ["offset", "offset", "BIGINT"],
  ["record_ms", "unix_millis(timestamp)", "BIGINT"],
  ["headers", "coalesce(headers, array())", "ARRAY<STRUCT<key: STRING, value: BINARY>>"],
] as const;

/**
 * A row for each record: an event's time (`time`, `time_ms`) and the fields that queries read, or the reason why it is none, with the
 * record itself.
 */
export function judgedRecords(judging: Omit<Judging, "record">): string {
  const record = Object.fromEntries(LETTER.map(([name, sql]) => [name, sql]));
  const kept = LETTER.map(([name]) => `CASE WHEN reason IS NOT NULL THEN ${name} END AS ${name}`);
  const columns = [
    "timestamp_millis(time_ms) AS time",
    "time_ms",
    ...judging.fields.map(fieldColumn),
    "reason",
  ];
  return selectFrom([...columns, ...kept], nested(judgedEvents({ ...judging, record })));
}

/** Columns of the files that hold such rows. */
export function judgedSchema(rules: EventRules, fields: readonly KeyField[]): string {
  const numbers = extraFieldsOf(rules).filter((name) => isNumberSource(sourceOf(rules, name)));
  const columns = [
    ["time", "TIMESTAMP"],
    ["time_ms", "BIGINT"],
    ...fields.map((field) => [
      fieldColumn(field),
      numbers.some((name) => name === field) ? NUMBER_TYPE : "STRING",
    ]),
    ["reason", "STRING"],
    ...LETTER.map(([name, , type]) => [name, type]),
  ];
  return columns.map(([name, type]) => `${name} ${type}`).join(", ");
}
