import { type EventRules, extraFieldsOf, type KeyField } from "../../../events/event.ts";
import { isNumberSource, sourceOf } from "../../../events/field-source.ts";
import { fieldColumn, type Judging, judgedEvents } from "./judged-events.ts";
import { NUMBER_TYPE } from "./number-sql.ts";
import { nested, selectFrom } from "./sql-text.ts";

/** What is kept of a record that is no event, so that it can become a dead letter: SQL over Kafka's columns. */
const LETTER = {
  record: { partition: "partition", offset: "offset", record_ms: "unix_millis(timestamp)" },
  letter: { key: "key", value: "value", headers: "coalesce(headers, array())" },
} as const;

/** Types of these columns. */
const LETTER_TYPES = {
  partition: "INT",
  offset: "BIGINT",
  record_ms: "BIGINT",
  key: "BINARY",
  value: "BINARY",
  headers: "ARRAY<STRUCT<key: STRING, value: BINARY>>",
} as const;

/** Columns that say where in the log a record is. */
const PLACE = ["partition", "offset"];

/**
 * A row for each record: an event's time and the fields that queries read, or the reason why it is none, with the record itself. An
 * event's place in the log is kept where queries need it.
 */
export function judgedRecords({
  needsPlaces,
  ...judging
}: Omit<Judging, "record" | "letter"> & { readonly needsPlaces: boolean }): string {
  const kept = Object.keys(LETTER_TYPES).map((name) =>
    needsPlaces && PLACE.includes(name) ? name : `CASE WHEN reason IS NOT NULL THEN ${name} END AS ${name}`,
  );
  const columns = ["time_ms", ...judging.fields.map(fieldColumn), "reason", ...kept];
  return selectFrom(columns, nested(judgedEvents({ ...judging, ...LETTER })));
}

/** Columns of the files that hold such rows. */
export function judgedSchema(rules: EventRules, fields: readonly KeyField[]): string {
  const numbers = extraFieldsOf(rules).filter((name) => isNumberSource(sourceOf(rules, name)));
  const columns = [
    ["time_ms", "BIGINT"],
    ...fields.map((field) => [
      fieldColumn(field),
      numbers.some((name) => name === field) ? NUMBER_TYPE : "STRING",
    ]),
    ["reason", "STRING"],
    ...Object.entries(LETTER_TYPES),
  ];
  return columns.map(([name, type]) => `${name} ${type}`).join(", ");
}
