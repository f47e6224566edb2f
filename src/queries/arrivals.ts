import type { KeyField } from "../events/event.ts";
import type { QueryPlan, WindowLengths } from "./plan.ts";
import { count } from "./query.ts";

/** Name of the query that says what became of the records read. */
export const ARRIVALS = "arrivals";

/** What can become of an event; of a dead letter its reason is the fate. */
export const EVENT_FATES = ["counted", "duplicate", "late"] as const;

/** Columns of the rows; `AGE` is of events, in seconds. */
export const FATE = "fate" as string as KeyField;
export const AGE = "age_seconds" as string as KeyField;

/** Ages above it are taken as so much: a wrong clock shall not drown the others. */
export const GREATEST_AGE_SECONDS = 3_600;

/**
 * The age of an event when it came, in whole seconds: from its own time to its record's timestamp. Not below 0, though
 * clocks may be ahead.
 */
export function ageSeconds(eventMs: number, recordMs: number): number {
  return Math.min(Math.max(0, Math.floor((recordMs - eventMs) / 1_000)), GREATEST_AGE_SECONDS);
}

/** A row for each fate: how many records met it, and the ages of those that are events, added up. */
export function arrivalsQuery({ sizeMs }: WindowLengths): QueryPlan {
  return Object.freeze({
    name: ARRIVALS,
    by: Object.freeze([FATE]),
    measures: Object.freeze({ events: count(), age_seconds: { kind: "sum", field: AGE } as const }),
    windows: Object.freeze({ sizeMs, slideMs: sizeMs }),
    arrivals: true,
  });
}
