import { nested, selectFrom } from "./sql-text.ts";

/** SQL for the values that a step adds, by name. Steps are apart so that nothing is computed twice. */
export type Step = Readonly<Record<string, string>>;

/** The column that holds all that is known of an event without a verdict; NULL for those that have one. */
export const OPEN = "open_event";

/** A value of an open event, in SQL. */
export function ofOpen(name: string): string {
  return `${OPEN}.${name}`;
}

/**
 * A source of open events and what the steps, one by one, find out about them. The values are one column, because Spark copies
 * each row for each step: columns of NULLs would cost an event with a verdict more than the verdict did.
 */
export function withStepsOfOpen(source: string, others: readonly string[], steps: readonly Step[]): string {
  return steps.reduce((sql, step) => {
    const added = Object.entries(step).map(([name, value]) => `${value} AS ${name}`);
    const open = `CASE WHEN ${OPEN} IS NOT NULL THEN struct(${OPEN}.*, ${added.join(",\n    ")}) END AS ${OPEN}`;
    return nested(selectFrom([...others, open], sql));
  }, source);
}
