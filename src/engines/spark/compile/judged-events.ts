import type { EventRules, KeyField } from "../../../events/event.ts";
import { MAX_TIME_MS } from "../../../events/timestamp.ts";
import { fieldsOfEvents, type ReadField } from "./event-fields.ts";
import { exactVerdict } from "./exact-verdict.ts";
import { familiarEvents } from "./familiar-events.ts";
import { OPEN, ofOpen, type Step, withStepsOfOpen } from "./open-events.ts";
import { type PlainEvents, plainEvents } from "./plain-events.ts";
import { nested, selectFrom, textLiteral } from "./sql-text.ts";

/** What is judged by which rules, and what is kept beside the verdict. */
export interface Judging {
  readonly rules: EventRules;
  readonly maxAheadMs: number;
  /** View of records: the columns of Spark's Kafka source. */
  readonly source: string;
  /** Columns of the records, by name, in SQL. */
  readonly record: Readonly<Record<string, string>>;
  /** Further ones, which may be NULL for events. */
  readonly letter: Readonly<Record<string, string>>;
  /** Fields of the events, each a column of its name prefixed by `f_`. */
  readonly fields: readonly KeyField[];
}

/** Name of a field's column. */
export function fieldColumn(field: KeyField): string {
  return `f_${field}`;
}

/**
 * A query that gives each record its verdict: `reason`, NULL for an event, and the event's time in ms and fields. A
 * generator stands at the end, because Spark pushes no condition through it: otherwise it would parse an event once more
 * for each condition on the verdict.
 */
export function judgedEvents(judging: Judging): string {
  const { rules, maxAheadMs, record, letter, fields } = judging;
  const declared = fieldsOfEvents(rules);
  const plain = plainEvents(rules, declared);
  const familiar = familiarEvents(rules, declared);
  const verdictBy = (content: (field: ReadField) => string, reason: string, timeMs: string): string => {
    const texts = fields.map((name) => {
      const field = declared.read.find((candidate) => candidate.name === name);
      const text = field === undefined ? textLiteral(declared.constant.get(name) ?? "") : content(field);
      return `'${fieldColumn(name)}', ${text}`;
    });
    const members = [`'reason', cast(${reason} AS string)`, `'time_ms', ${timeMs}`, ...texts];
    return `named_struct(${members.join(", ")})`;
  };
  const start = recordsWithPlain(
    judging,
    plain && { ...plain, verdict: verdictBy(plain.content, "NULL", "plain_ms") },
  );
  const isOpen = familiar === undefined ? "true" : `${familiar.timeMs} IS NULL`;
  const steps = [...(familiar?.steps ?? []), ...exactVerdict(rules, declared, isOpen)];
  const passed = ["record_time", ...Object.keys(record), "plain"];
  const cases = [
    "WHEN plain IS NOT NULL THEN plain",
    ...(familiar === undefined
      ? []
      : [`WHEN ${familiar.timeMs} IS NOT NULL THEN ${verdictBy(familiar.content, "NULL", familiar.timeMs)}`]),
  ];
  const exact = verdictBy(({ name }) => ofOpen(`c_${name}`), ofOpen("reason"), ofOpen("c_timestamp"));
  const verdicts = selectFrom(
    [
      ...["record_time", ...Object.keys(record)],
      `CASE ${cases.join("\n    ")}\n    ELSE ${exact} END AS verdict`,
      ...Object.keys(letter).map((name) => `${ofOpen(name)} AS ${name}`),
    ],
    withStepsOfOpen(start, passed, steps),
  );
  const kept = [...Object.keys(record), ...Object.keys(letter)];
  const judged = nested(selectFrom(["record_time", ...kept, "inline(array(verdict))"], nested(verdicts)));
  const { reasons } = recordTimeRule("time_ms", "unix_millis(record_time)", maxAheadMs);
  const reason = `CASE WHEN reason IS NOT NULL THEN reason ${reasons} END AS reason`;
  return selectFrom([...kept, "time_ms", ...fields.map(fieldColumn), reason], judged);
}

/**
 * The records, each with `plain`, the verdict on plain events, or as an open event, with its value and the text `s` of it. Plain
 * events are done with: what else they have is let go of here, so that the further steps carry little.
 */
function recordsWithPlain(
  { source, record, letter, maxAheadMs }: Judging,
  plain: (PlainEvents & { verdict: string }) | undefined,
): string {
  const columns = columnsOf({ record_time: "timestamp", ...record });
  const open = columnsOf({ value: "value", s: "s", ...letter });
  const texts = withSteps(source, [{ s: "cast(value AS string)" }]);
  if (plain === undefined) {
    return nested(selectFrom([...columns, "NULL AS plain", `struct(${open.join(", ")}) AS ${OPEN}`], texts));
  }
  const ms = "unix_millis(plain_time)";
  const { isKept } = recordTimeRule(ms, "unix_millis(timestamp)", maxAheadMs);
  const isEvent = `${ms} BETWEEN 0 AND ${MAX_TIME_MS} AND ${isKept}`;
  const steps: Step[] = [
    { p: plain.pieces },
    { plain_time: plain.time },
    { plain_ms: `CASE WHEN ${isEvent} THEN ${ms} END` },
  ];
  const either = [
    `CASE WHEN plain_ms IS NOT NULL THEN ${plain.verdict} END AS plain`,
    `CASE WHEN plain_ms IS NULL THEN struct(${open.join(", ")}) END AS ${OPEN}`,
  ];
  return nested(selectFrom([...columns, ...either], withSteps(texts, steps)));
}

/** A source and the columns of the steps, each of which may read those before it. */
function withSteps(source: string, steps: readonly Step[]): string {
  return steps.reduce((sql, step) => nested(selectFrom(["*", ...columnsOf(step)], sql)), source);
}

function columnsOf(step: Step): string[] {
  return Object.entries(step).map(([name, sql]) => `${sql} AS ${name}`);
}

/** What the record's own time adds to a verdict: when it leaves an event one, and the reasons when it does not. */
function recordTimeRule(
  timeMs: string,
  recordMs: string,
  maxAheadMs: number,
): { isKept: string; reasons: string } {
  return {
    isKept: `${recordMs} >= 0 AND ${timeMs} <= ${recordMs} + ${maxAheadMs}`,
    reasons: `WHEN ${recordMs} < 0 THEN 'no_record_time' WHEN ${timeMs} > ${recordMs} + ${maxAheadMs} THEN 'from_the_future'`,
  };
}
