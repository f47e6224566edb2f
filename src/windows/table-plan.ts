import { EVENT_FIELDS, type EventKey, type KeyField } from "../events/event.ts";
import type { Measure, QueryPlan } from "../queries/plan.ts";

/** One table of a pane: events are grouped by these fields, in the order of `EVENT_FIELDS`. */
export interface TableSpec {
  readonly fields: readonly KeyField[];
  /** Whether the earliest and latest event time of each group are kept. */
  readonly times: boolean;
}

/**
 * What a pane keeps for a set of queries. Every measure of every query can be rolled up from one of the tables, and an
 * event updates each table once, however many queries there are.
 */
export interface TablePlan {
  /** Every field that some table groups by. */
  readonly fields: readonly KeyField[];
  readonly tables: readonly TableSpec[];
}

/** The fields that a measure of a query groups events by: its own roll-up is exact on them. */
export function measureFields(query: QueryPlan, measure: Measure): readonly KeyField[] {
  return "field" in measure ? ordered([...query.by, measure.field]) : ordered(query.by);
}

/** Whether a measure reads event times. */
export function measureNeedsTimes(measure: Measure): boolean {
  return measure.kind === "minTime" || measure.kind === "maxTime" || measure.kind === "timeSpan";
}

/** Distinct fields in the order of `EVENT_FIELDS`, then extra ones by name. */
export function ordered(fields: readonly KeyField[]): readonly KeyField[] {
  const known: readonly string[] = EVENT_FIELDS;
  const extra = new Set(fields.filter((field) => !known.includes(field)));
  return [
    ...EVENT_FIELDS.filter((field): field is EventKey => (fields as readonly string[]).includes(field)),
    ...[...extra].sort(),
  ];
}

/** Fields with a handful of values: grouping by one more of them hardly makes a table larger. */
const FEW_VALUED: ReadonlySet<KeyField> = new Set<KeyField>(["action", "device_type", "browser"]);
/** A session keeps its user and device, so grouping a table by session by these too leaves its size as it is. */
const FIXED_IN_SESSION: readonly KeyField[] = ["user_id", "device_type", "browser"];

interface Need {
  fields: KeyField[];
  times: boolean;
}

/**
 * Chooses few tables that serve all measures. Which tables are chosen changes cost only, never a row: a field that is
 * not as steady as assumed above only makes its table larger.
 */
export function planTables(queries: readonly QueryPlan[]): TablePlan {
  const needs = collectNeeds(queries);
  const used = ordered(needs.flatMap((need) => need.fields));
  for (const need of needs) {
    if (!need.fields.includes("session_id")) continue;
    need.fields = [...ordered([...need.fields, ...FIXED_IN_SESSION.filter((field) => used.includes(field))])];
  }
  const manyValued = (fields: readonly KeyField[]): KeyField[] =>
    fields.filter((field) => !FEW_VALUED.has(field));
  needs.sort(
    (a, b) => manyValued(b.fields).length - manyValued(a.fields).length || b.fields.length - a.fields.length,
  );
  const tables: Need[] = [];
  for (const need of needs) {
    const host =
      tables.find((table) => covers(table.fields, need.fields)) ??
      tables
        .filter((table) => covers(table.fields, manyValued(need.fields)))
        .sort((a, b) => a.fields.length - b.fields.length)[0];
    if (host === undefined) {
      tables.push(need);
    } else {
      host.fields = [...ordered([...host.fields, ...need.fields])];
      host.times ||= need.times;
    }
  }
  return { fields: used, tables };
}

/** Index of the table to roll `fields` up from: of those that can, the one by session (few rows), then the narrowest. */
export function tableFor(plan: TablePlan, fields: readonly KeyField[], times: boolean): number {
  const rank = (spec: TableSpec): number => (spec.fields.includes("session_id") ? 0 : spec.fields.length);
  let best = -1;
  plan.tables.forEach((spec, index) => {
    if (!covers(spec.fields, fields) || (times && !spec.times)) return;
    if (best === -1 || rank(spec) < rank(plan.tables[best] as TableSpec)) best = index;
  });
  return best;
}

function collectNeeds(queries: readonly QueryPlan[]): Need[] {
  const needs = new Map<string, Need>();
  const need = (fields: readonly KeyField[], times: boolean): void => {
    const key = fields.join();
    const known = needs.get(key);
    if (known === undefined) needs.set(key, { fields: [...fields], times });
    else known.times ||= times;
  };
  for (const query of queries) {
    need(ordered(query.by), false);
    for (const measure of Object.values(query.measures)) {
      need(measureFields(query, measure), measureNeedsTimes(measure));
    }
  }
  return [...needs.values()];
}

function covers(wide: readonly KeyField[], narrow: readonly KeyField[]): boolean {
  return narrow.every((field) => wide.includes(field));
}
