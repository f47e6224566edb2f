import { rowPlans } from "../queries/data-quality.ts";
import type { QueryPlan, WindowLengths } from "../queries/plan.ts";
import { windowsOf } from "../queries/window-lengths.ts";
import type { QueryRule } from "./rule.ts";
import type { WatchedQuery, WindowValues } from "./window-rule.ts";

/** A query that rules may watch: its plan, and its windows. */
export interface Watchable {
  readonly plan: QueryPlan;
  readonly lengths: WindowLengths;
}

/** Whose rows rules may watch in a pipeline, by name. */
export function watchables(
  queries: readonly QueryPlan[],
  pipeline: WindowLengths,
): ReadonlyMap<string, Watchable> {
  const plans = rowPlans(queries, pipeline);
  return new Map(plans.map((plan) => [plan.name, { plan, lengths: windowsOf(plan, pipeline) }]));
}

/** The key of a row as text: a JSON list of its key columns, in the query's order. */
export function keyText(values: readonly string[]): string {
  return JSON.stringify(values);
}

/** The key columns and values that a key's text stands for; empty for an alert that is not about one row. */
export function keyOf(rule: QueryRule, { plan }: Watchable, text: string): Record<string, string> {
  if (rule.condition.kind === "noData") return { ...rule.where };
  const values = JSON.parse(text) as string[];
  return Object.fromEntries(plan.by.map((column, index) => [column, values[index] ?? ""]));
}

/** What a rule needs to know of the query that it watches. */
export function watchedQuery(rule: QueryRule, { plan, lengths }: Watchable): WatchedQuery {
  const isOneRow = plan.by.every((column) => rule.where[column] !== undefined);
  const kind = rule.measure === null ? undefined : plan.measures[rule.measure]?.kind;
  return {
    slideMs: lengths.slideMs,
    onlyKey: isOneRow ? keyText(plan.by.map((column) => rule.where[column]!)) : null,
    absent: kind === "min" || kind === "max" ? null : 0,
  };
}

/** Of a window's rows (newline-delimited JSON) those that the rule watches: the measure by key. */
export function windowValues(
  rule: QueryRule,
  { plan, lengths }: Watchable,
  { startMs, text }: { startMs: number; text: string },
): WindowValues {
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const row = JSON.parse(line) as Record<string, unknown>;
    if (!isWatched(rule, row)) continue;
    const cell = rule.measure === null ? 1 : row[rule.measure];
    const value = typeof cell === "boolean" ? Number(cell) : cell;
    if (typeof value === "number") values.set(keyText(plan.by.map((column) => String(row[column]))), value);
  }
  return { endMs: startMs + lengths.sizeMs, values };
}

function isWatched({ where }: QueryRule, row: Readonly<Record<string, unknown>>): boolean {
  for (const column in where) if (row[column] !== where[column]) return false;
  return true;
}
