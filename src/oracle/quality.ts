import type { QueryPlan, WindowSettings } from "../queries/plan.ts";
import type { Manifest } from "../sinks/manifest.ts";
import type { ExpectedWindow } from "./oracle.ts";

/** Something that a window says of the data. */
interface Said {
  expectation: string;
  key: string;
  value: number;
}

/** What windows said before. */
interface Before {
  hourMs: number;
  /** How many told what became of all records. */
  windows: number;
  /** By what they are of. */
  values: ReadonlyMap<string, readonly number[]>;
}

type Row = Readonly<Record<string, string | number>>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS_BEFORE = 14;
const ENOUGH = 12;
const SAYS_NOTHING = /^(?:[Uu]nknown|\(not set\)|undefined|null|none|n\/a|-)$/;
const IDS: readonly string[] = ["event_id", "user_id", "session_id"];
/** More of these is worse, less is not; by the step that is none. What has no row was 0, but for the age. */
const STEPS: ReadonlyMap<string, number> = new Map([
  ["dead_share", 0.005],
  ["late_share", 0.005],
  ["duplicate_share", 0.005],
  ["freshness", 5],
]);

/**
 * Computes again what the windows of a pipeline say of its data and what was expected of it, from the rows of its queries
 * alone. What was expected comes from other windows' rows as they must be, not from what was written of them.
 */
export class OracleQuality {
  readonly #plans: ReadonlyMap<string, QueryPlan>;
  readonly #order: readonly string[];
  readonly #windows: WindowSettings;
  readonly #factor: number;
  /** By window start, then by query. */
  readonly #said = new Map<number, Map<string, Said[]>>();

  /** `factor`: the range is the median ± so many times the median deviation. */
  constructor({ queries, windows }: Pick<Manifest, "queries" | "windows">, factor: number) {
    this.#plans = new Map(queries.map((plan) => [plan.name, plan]));
    this.#order = queries.map(({ name }) => name);
    this.#windows = windows;
    this.#factor = factor;
  }

  /** Takes a window's rows of one query, in any order. */
  add({ query, windowStartMs, rows }: ExpectedWindow): void {
    const plan = this.#plans.get(query) as QueryPlan;
    const { sizeMs, slideMs } = plan.windows ?? this.#windows;
    const isAlike = sizeMs === this.#windows.sizeMs && slideMs === this.#windows.slideMs;
    if (!(isAlike || plan.arrivals) || windowStartMs % sizeMs !== 0) return;
    const parsed = rows.split("\n").flatMap((row) => (row === "" ? [] : [JSON.parse(row) as Row]));
    const ofWindow = this.#said.get(windowStartMs) ?? new Map<string, Said[]>();
    this.#said.set(windowStartMs, ofWindow);
    ofWindow.set(query, saidBy(plan, parsed, this.#windows.dedupe === true));
  }

  /** What must be written of every window, in ascending order; after the last `add`. */
  *windows(): Generator<{ windowStartMs: number; rows: string }> {
    let before: Before | undefined;
    for (const windowStartMs of [...this.#said.keys()].sort((a, b) => a - b)) {
      const said = this.#of(windowStartMs);
      if (said.length === 0) continue;
      const hourMs = windowStartMs - (windowStartMs % HOUR_MS);
      if (before?.hourMs !== hourMs) before = this.#sameHour(hourMs);
      const known = before;
      const rows = said.map((one) => `${JSON.stringify(this.#row(windowStartMs, one, known))}\n`);
      yield { windowStartMs, rows: rows.join("") };
    }
  }

  #of(windowStartMs: number): Said[] {
    const byQuery = this.#said.get(windowStartMs);
    return byQuery === undefined ? [] : this.#order.flatMap((query) => byQuery.get(query) ?? []);
  }

  /** What the windows said that start in the same hour of the day, on the days before. */
  #sameHour(hourMs: number): Before {
    const { sizeMs } = this.#windows;
    const values = new Map<string, number[]>();
    let windows = 0;
    for (let day = 1; day <= DAYS_BEFORE; day++) {
      const fromMs = hourMs - day * DAY_MS;
      for (let ms = Math.ceil(fromMs / sizeMs) * sizeMs; ms < fromMs + HOUR_MS; ms += sizeMs) {
        const said = this.#of(ms);
        if (said.some(({ expectation }) => expectation === "dead_share")) windows++;
        for (const one of said)
          values.set(subjectOf(one), [...(values.get(subjectOf(one)) ?? []), one.value]);
      }
    }
    return { hourMs, windows, values };
  }

  #row(windowStartMs: number, said: Said, before: Before): object {
    const { expectation, key, value } = said;
    const step = STEPS.get(expectation);
    const told = before.values.get(subjectOf(said)) ?? [];
    const untold = step === undefined || expectation === "freshness" ? 0 : before.windows - told.length;
    const values = [...told, ...Array<number>(untold).fill(0)];
    const times = {
      window_start: new Date(windowStartMs).toISOString(),
      window_end: new Date(windowStartMs + this.#windows.sizeMs).toISOString(),
    };
    const row = { ...times, expectation, key, value };
    if (values.length < ENOUGH)
      return { ...row, expected_low: null, expected_high: null, samples: values.length, ok: null };
    const usual = middleOf(values);
    const deviation = middleOf(values.map((one) => Math.abs(one - usual)));
    const away = Math.max(step ?? 0, this.#factor * Math.max(deviation, 0.01 * usual));
    const low = step === undefined ? Math.max(0, sixPlaces(usual - away)) : 0;
    const high = sixPlaces(usual + away);
    const ok = low <= value && value <= high;
    return { ...row, expected_low: low, expected_high: high, samples: values.length, ok };
  }
}

function saidBy(plan: QueryPlan, rows: readonly Row[], dedupe: boolean): Said[] {
  if (plan.arrivals) return saidByArrivals(rows, dedupe);
  if (plan.by.length === 0) return saidByTotals(plan, rows[0] as Row);
  const [field] = plan.by;
  if (plan.by.length > 1 || field === undefined) return [];
  const said: Said[] = [{ expectation: "cardinality", key: plan.name, value: rows.length }];
  const [events] = Object.entries(plan.measures).find(([, { kind }]) => kind === "count") ?? [];
  if (events === undefined || IDS.includes(field)) return said;
  const empty = rows.filter((row) => SAYS_NOTHING.test(row[field] as string));
  const value = sixPlaces(sumOf(empty, events) / sumOf(rows, events));
  return [...said, { expectation: "unknown_share", key: `${plan.name}.${field}`, value }];
}

function saidByTotals({ name, measures }: QueryPlan, row: Row): Said[] {
  const names = new Map([
    ["count", "volume"],
    ["countDistinct", "cardinality"],
  ]);
  return Object.entries(measures).flatMap(([column, { kind }]) => {
    const expectation = names.get(kind);
    return expectation === undefined
      ? []
      : [{ expectation, key: `${name}.${column}`, value: row[column] as number }];
  });
}

function saidByArrivals(rows: readonly Row[], dedupe: boolean): Said[] {
  const all = sumOf(rows, "events");
  const share = (some: readonly Row[]): number => sixPlaces(sumOf(some, "events") / all);
  const of = (fate: string): Row[] => rows.filter((row) => row.fate === fate);
  const dead = rows.filter(({ fate }) => !["counted", "late", "duplicate"].includes(fate as string));
  const said: Said[] = [{ expectation: "dead_share", key: "all", value: share(dead) }];
  for (const row of dead)
    said.push({ expectation: "dead_share", key: row.fate as string, value: share([row]) });
  said.push({ expectation: "late_share", key: "all", value: share(of("late")) });
  if (dedupe) said.push({ expectation: "duplicate_share", key: "all", value: share(of("duplicate")) });
  const [counted] = of("counted");
  if (counted === undefined) return said;
  const age = (1_000 * (counted.age_seconds as number)) / (counted.events as number);
  return [...said, { expectation: "freshness", key: "all", value: Math.round(age) / 1_000 }];
}

const subjectOf = ({ expectation, key }: Said): string => `${expectation} ${key}`;

const sumOf = (rows: readonly Row[], column: string): number =>
  rows.reduce((sum, row) => sum + (row[column] as number), 0);

function middleOf(values: readonly number[]): number {
  const ordered = [...values].sort((a, b) => a - b);
  const half = ordered.length / 2;
  const [left, right] = [ordered[Math.ceil(half) - 1] as number, ordered[Math.floor(half)] as number];
  return half % 1 === 0 ? (left + right) / 2 : right;
}

const sixPlaces = (value: number): number => Math.round(value * 1e6) / 1e6;
