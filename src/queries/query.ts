import { type DurationText, parseDuration } from "../core/durations.ts";
import { UsageError } from "../core/errors.ts";
import {
  EVENT_FIELDS,
  type EventField,
  type EventKey,
  EXTRA_FIELD_NAME,
  type KeyField,
} from "../events/event.ts";
import type { Measure, QueryPlan } from "./plan.ts";
import { windowsProblem } from "./window-lengths.ts";

/** A field of events, or one that `extraFields` of the config declares. */
export type FieldName = EventKey | (string & {});

/** A number field that `extraFields` of the config declares. */
export type NumberFieldName<Name extends string> = Name extends EventField ? never : Name;

/** Events of the group. */
export const count = (): Measure => ({ kind: "count" });

/** Events of the group whose `field` is exactly `value`. */
export const countWhere = (field: FieldName, value: string): Measure => ({
  kind: "countWhere",
  field: field as KeyField,
  value,
});

/** Distinct values of `field` in the group, exact. */
export const countDistinct = (field: FieldName): Measure => ({
  kind: "countDistinct",
  field: field as KeyField,
});

/** Earliest event time of the group. */
export const minTime = (): Measure => ({ kind: "minTime" });

/** Latest event time of the group. */
export const maxTime = (): Measure => ({ kind: "maxTime" });

/** Seconds from first to last event of each distinct value of `field`: their sum, or the longest. */
export const timeSpan = (field: FieldName, pick: "sum" | "longest" = "sum"): Measure => ({
  kind: "timeSpan",
  field: field as KeyField,
  pick,
});

/** Sum of a number field, exact. */
export const sum = <Name extends string>(field: NumberFieldName<Name>): Measure => ({
  kind: "sum",
  field: field as string as KeyField,
});

/** Least value of a number field in the group. */
export const min = <Name extends string>(field: NumberFieldName<Name>): Measure => ({
  kind: "min",
  field: field as string as KeyField,
});

/** Greatest value of a number field in the group. */
export const max = <Name extends string>(field: NumberFieldName<Name>): Measure => ({
  kind: "max",
  field: field as string as KeyField,
});

const NAME = /^[a-z][a-z0-9_]{0,62}$/;
/** What else has a folder in the output. */
const FOLDERS = new Set(["checkpoints", "archive", "data_quality"]);
const RESERVED = new Set(["window_start", "window_end"]);
const KEY_FIELDS = new Set<string>(EVENT_FIELDS.filter((field) => field !== "timestamp"));

/** What a query says. `window` and `slide` are its own windows; without them, those of the pipeline hold. */
export interface QueryDeclaration {
  readonly by: readonly FieldName[];
  readonly measures: Readonly<Record<string, Measure>>;
  /** Length of the query's windows. */
  readonly window?: DurationText | undefined;
  /** Time from one of them to the next; as long as the window unless given. */
  readonly slide?: DurationText | undefined;
}

/**
 * Declares a windowed analysis: one row for each window and each combination of the `by` fields. Whether other names than
 * those of an event's fields are declared is checked when a pipeline is built.
 * @throws UsageError naming the query and the part that can't be used.
 */
export function query(name: string, { by, measures, window, slide }: QueryDeclaration): QueryPlan {
  if (window === undefined && slide !== undefined) {
    throw refusal(name, "it has a slide and no window", 'Add its window, such as window: "1 hour".');
  }
  if (window === undefined) return checkedPlan({ name, by: by as KeyField[], measures });
  const sizeMs = lengthOf(name, "window", window);
  const slideMs = slide === undefined ? sizeMs : lengthOf(name, "slide", slide);
  return checkedPlan({ name, by: by as KeyField[], measures, windows: { sizeMs, slideMs } });
}

function lengthOf(name: string, what: string, text: string): number {
  return parseDuration(text, `The ${what} of query ${JSON.stringify(name)}`);
}

/**
 * The plan, frozen, if its parts can be used.
 * @throws UsageError naming the query and the part that can't be used.
 */
export function checkedPlan({ name, by, measures, windows, sessions, arrivals }: QueryPlan): QueryPlan {
  const refuse = (what: string, nextStep: string): never => {
    throw refusal(name, what, nextStep);
  };
  if (!NAME.test(name) || FOLDERS.has(name)) {
    refuse(
      "the name can't name a folder",
      `Use lower-case letters, digits and underscores, other than ${[...FOLDERS].join(" and ")}.`,
    );
  }
  if (sessions !== undefined) refuse("it is one of whole sessions", "Use --sessions.");
  if (arrivals !== undefined) refuse("it is one of all records", "Use --data-quality.");
  const columns = new Set<string>(RESERVED);
  const addColumn = (column: string): void => {
    if (!NAME.test(column))
      refuse(
        `the column ${JSON.stringify(column)} has unusable characters`,
        "Use lower-case letters, digits and underscores.",
      );
    if (columns.has(column)) refuse(`the column ${column} appears twice`, "Rename the measure.");
    columns.add(column);
  };
  const checkField = (field: string): void => {
    if (field === "timestamp" || !EXTRA_FIELD_NAME.test(field))
      refuse(`unknown field ${JSON.stringify(field)}`, `Use one of ${[...KEY_FIELDS].join(", ")}.`);
  };
  for (const field of by) {
    checkField(field);
    addColumn(field);
  }
  for (const [column, measure] of Object.entries(measures)) {
    addColumn(column);
    if ("field" in measure) checkField(measure.field);
    if (measure.kind === "first" || measure.kind === "last" || measure.kind === "single")
      refuse(`${column} is a measure of whole sessions`, "Use --sessions, which has a row for each session.");
  }
  if (Object.keys(measures).length === 0)
    refuse("it measures nothing", "Add a measure, such as events: count().");
  if (windows !== undefined) {
    const problem = windowsProblem(windows, { window: "window", slide: "slide" });
    if (problem !== undefined) refuse(problem.what, problem.nextStep);
  }
  return Object.freeze({
    name,
    by: Object.freeze([...by]),
    measures: Object.freeze(
      Object.fromEntries(Object.entries(measures).map(([column, m]) => [column, Object.freeze({ ...m })])),
    ),
    ...(windows === undefined ? {} : { windows: Object.freeze({ ...windows }) }),
  });
}

function refusal(name: string, what: string, nextStep: string): UsageError {
  return new UsageError(`Query ${JSON.stringify(name)}: ${what}.`, nextStep);
}
