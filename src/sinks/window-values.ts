import { AGE, ARRIVALS, EVENT_FATES, FATE } from "../queries/arrivals.ts";
import type { QueryPlan } from "../queries/plan.ts";
import type { WindowRows } from "./sink.ts";

/** What is expected of a window. The first three are of its queries, the others of all records that came in its time. */
export type Expectation =
  | "volume"
  | "cardinality"
  | "unknown_share"
  | "dead_share"
  | "late_share"
  | "duplicate_share"
  | "freshness";

/** A value of a window, before it is known what was expected. */
export interface WindowValue {
  expectation: Expectation;
  /** What it is of: a query, a query and its column, a reason of dead letters, or `all`. */
  key: string;
  value: number;
}

/** Values that say something bad only by being great, and rows only when they are: without a row they were 0. */
export const SHARES_OF_RECORDS: readonly Expectation[] = ["dead_share", "late_share", "duplicate_share"];

/** Of all records, whatever their reason. */
const ALL = "all";
/** What trackers and mappings write when they do not know. */
const UNKNOWN = ["unknown", "Unknown", "(not set)", "undefined", "null", "none", "n/a", "-"];
/** Fields with as many values as there are events or users: not worth reading for that. */
const ID_FIELDS: readonly string[] = ["event_id", "user_id", "session_id"];

/**
 * What the rows of one query say of a window. Queries without keys tell volumes and distinct values; those with one key its
 * distinct values and unknown ones; that of all records what became of them, repeats only where `dedupe` looks for them.
 */
export function windowValues(plan: QueryPlan, entry: WindowRows, dedupe: boolean): WindowValue[] {
  if (plan.name === ARRIVALS) return recordShares(entry, dedupe);
  const [field, ...others] = plan.by;
  if (field === undefined) return totals(plan, entry);
  if (others.length > 0) return [];
  return [
    { expectation: "cardinality", key: plan.name, value: entry.rowCount },
    ...unknownShare(plan, field, entry),
  ];
}

function totals(plan: QueryPlan, entry: WindowRows): WindowValue[] {
  const [row = {}] = rowsOf(entry);
  return Object.entries(plan.measures).flatMap(([column, { kind }]) => {
    if (kind !== "count" && kind !== "countDistinct") return [];
    const expectation = kind === "count" ? "volume" : "cardinality";
    return [{ expectation, key: `${plan.name}.${column}`, value: row[column] as number }] as const;
  });
}

/** Of the events in a query by one field, how many have a text there that says nothing. */
function unknownShare(plan: QueryPlan, field: string, entry: WindowRows): WindowValue[] {
  const column = Object.entries(plan.measures).find(([, { kind }]) => kind === "count")?.[0];
  if (column === undefined || ID_FIELDS.includes(field)) return [];
  let [all, unknown] = [0, 0];
  for (const row of rowsOf(entry)) {
    const events = row[column] as number;
    all += events;
    if (UNKNOWN.includes(row[field] as string)) unknown += events;
  }
  return [{ expectation: "unknown_share", key: `${plan.name}.${field}`, value: share(unknown, all) }];
}

function recordShares(entry: WindowRows, dedupe: boolean): WindowValue[] {
  const rows = rowsOf(entry);
  const records = new Map(rows.map((row) => [String(row[FATE]), Number(row.events)]));
  const counted = rows.find((row) => row[FATE] === EVENT_FATES[0]);
  const of = (fate: string): number => records.get(fate) ?? 0;
  const all = [...records.values()].reduce((sum, some) => sum + some, 0);
  const reasons = [...records.keys()].filter((fate) => !(EVENT_FATES as readonly string[]).includes(fate));
  const dead = reasons.reduce((sum, reason) => sum + of(reason), 0);
  const values: WindowValue[] = [
    { expectation: "dead_share", key: ALL, value: share(dead, all) },
    ...reasons.map((key) => ({ expectation: "dead_share", key, value: share(of(key), all) }) as const),
    { expectation: "late_share", key: ALL, value: share(of("late"), all) },
  ];
  if (dedupe) values.push({ expectation: "duplicate_share", key: ALL, value: share(of("duplicate"), all) });
  if (counted !== undefined) {
    const value = Math.round((1_000 * Number(counted[AGE])) / Number(counted.events)) / 1_000;
    values.push({ expectation: "freshness", key: ALL, value });
  }
  return values;
}

/** To six places. */
const share = (some: number, all: number): number => Math.round((some / all) * 1e6) / 1e6;

function rowsOf({ bytes }: WindowRows): Record<string, string | number>[] {
  const lines = Buffer.from(bytes).toString().trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Record<string, string | number>);
}
