import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { QueryPlan, WindowLengths } from "../queries/plan.ts";
import { windowsOf } from "../queries/window-lengths.ts";
import { expectedRange } from "./expected-range.ts";
import { outputError } from "./output-error.ts";
import type { Sink, WindowRows } from "./sink.ts";
import { windowFileName, windowFolder } from "./window-path.ts";

/** Where the rows are, beside those of the queries. */
export const DATA_QUALITY = "data_quality";

/** One expectation of one window. */
export interface QualityRow {
  window_start: string;
  window_end: string;
  /** `volume`, `cardinality` or `unknown_share`. */
  expectation: string;
  /** What it is of: a query, or a query and its column. */
  key: string;
  value: number;
  /** Null while there is too little history. */
  expected_low: number | null;
  expected_high: number | null;
  /** Values that the range was told from. */
  samples: number;
  /** Null while there is too little history. */
  ok: boolean | null;
}

/** What is looked at, and how strictly. */
export interface QualitySettings {
  output: string;
  queries: readonly QueryPlan[];
  windows: WindowLengths;
  /** The range is the median ± so many times the MAD. */
  factor: number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const DAYS_BACK = 14;
const LEAST_SAMPLES = 12;
/** What trackers and mappings write when they do not know. */
const UNKNOWN = ["unknown", "Unknown", "(not set)", "undefined", "null", "none", "n/a", "-"];

/** A measured value, before it is known what was expected. */
type Measured = Pick<QualityRow, "expectation" | "key" | "value">;

/**
 * Sinks that write the rows of queries, then what they say of the data: one file a window that overlaps no other, in
 * `data_quality`. It follows from the rows and the files of the days before alone. The engine repeats a `write` that a crash
 * has cut short, so no window is left out; one that has its file is done.
 */
export class DataQuality implements Sink {
  readonly #rows: Sink;
  readonly #files: Sink;
  readonly #settings: QualitySettings;
  /** Rows of the latest window that was looked at in this run; none before the first. */
  latest: readonly QualityRow[] = [];
  #hour: { startMs: number; values: ReadonlyMap<string, readonly number[]> } | undefined;

  /** `rows` writes those of queries, `files` those of this. */
  constructor(rows: Sink, files: Sink, settings: QualitySettings) {
    this.#rows = rows;
    this.#files = files;
    this.#settings = settings;
  }

  get name(): string {
    return this.#rows.name;
  }

  async write(entries: readonly WindowRows[]): Promise<void> {
    await this.#rows.write(entries);
    const { sizeMs } = this.#settings.windows;
    const apart = entries.filter(
      ({ windowStartMs, windowEndMs }) =>
        windowEndMs - windowStartMs === sizeMs && windowStartMs % sizeMs === 0,
    );
    const byStart = [...Map.groupBy(apart, ({ windowStartMs }) => windowStartMs)];
    for (const [startMs, own] of byStart.sort(([a], [b]) => a - b)) await this.#check(startMs, own);
  }

  async close(): Promise<void> {
    await this.#rows.close();
    await this.#files.close();
  }

  async #check(startMs: number, entries: readonly WindowRows[]): Promise<void> {
    const before = await this.#read(startMs);
    if (before.length > 0) {
      this.latest = before;
      return;
    }
    const measured = this.#settings.queries.flatMap((plan) => this.#measure(plan, entries));
    if (measured.length === 0) return;
    const history = await this.#historyOf(startMs);
    const rows = measured.map((one) => this.#judged(startMs, one, history.get(nameOf(one)) ?? []));
    const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
    const windowEndMs = startMs + this.#settings.windows.sizeMs;
    const bytes = Buffer.from(text);
    await this.#files.write([
      { query: DATA_QUALITY, windowStartMs: startMs, windowEndMs, rowCount: rows.length, bytes },
    ]);
    this.latest = rows;
  }

  #judged(startMs: number, measured: Measured, history: readonly number[]): QualityRow {
    const { windows, factor } = this.#settings;
    const range = history.length < LEAST_SAMPLES ? undefined : expectedRange(history, factor);
    return {
      window_start: new Date(startMs).toISOString(),
      window_end: new Date(startMs + windows.sizeMs).toISOString(),
      ...measured,
      expected_low: range?.low ?? null,
      expected_high: range?.high ?? null,
      samples: history.length,
      ok: range === undefined ? null : measured.value >= range.low && measured.value <= range.high,
    };
  }

  /** Queries without keys tell volumes and distinct values; those with one key its distinct values and unknown ones. */
  #measure(plan: QueryPlan, entries: readonly WindowRows[]): Measured[] {
    const entry = entries.find(({ query }) => query === plan.name);
    const { windows } = this.#settings;
    if (entry === undefined || windowsOf(plan, windows).slideMs !== windows.slideMs) return [];
    const [field, ...others] = plan.by;
    if (field === undefined) return totals(plan, entry);
    if (others.length > 0) return [];
    return [
      { expectation: "cardinality", key: plan.name, value: entry.rowCount },
      ...unknownShare(plan, field, entry),
    ];
  }

  /** Values of the windows of the same hour of the day, over the days before. The hour of the window last asked is kept. */
  async #historyOf(startMs: number): Promise<ReadonlyMap<string, readonly number[]>> {
    const hourMs = Math.floor(startMs / HOUR_MS) * HOUR_MS;
    if (this.#hour?.startMs === hourMs) return this.#hour.values;
    const values = new Map<string, number[]>();
    const { sizeMs } = this.#settings.windows;
    for (let day = 1; day <= DAYS_BACK; day++) {
      const fromMs = Math.ceil((hourMs - day * DAY_MS) / sizeMs) * sizeMs;
      for (let ms = fromMs; ms < hourMs + HOUR_MS - day * DAY_MS; ms += sizeMs) {
        for (const row of await this.#read(ms)) {
          const known = values.get(nameOf(row));
          if (known === undefined) values.set(nameOf(row), [row.value]);
          else known.push(row.value);
        }
      }
    }
    this.#hour = { startMs: hourMs, values };
    return values;
  }

  /** The rows of a window; none when it has no file. */
  async #read(startMs: number): Promise<QualityRow[]> {
    const path = join(this.#settings.output, windowFolder(DATA_QUALITY, startMs), windowFileName(startMs));
    try {
      const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
      return lines.map((line) => JSON.parse(line) as QualityRow);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw outputError(this.#settings.output, error);
    }
  }
}

const nameOf = ({ expectation, key }: Pick<Measured, "expectation" | "key">): string =>
  `${expectation} ${key}`;

function totals(plan: QueryPlan, { bytes }: WindowRows): Measured[] {
  const row = JSON.parse(Buffer.from(bytes).toString()) as Record<string, number>;
  return Object.entries(plan.measures).flatMap(([column, { kind }]) => {
    if (kind !== "count" && kind !== "countDistinct") return [];
    const expectation = kind === "count" ? "volume" : "cardinality";
    return [{ expectation, key: `${plan.name}.${column}`, value: row[column] as number }];
  });
}

/** Of the events in a query by one field, how many have a text there that says nothing. */
function unknownShare(plan: QueryPlan, field: string, { bytes }: WindowRows): Measured[] {
  const column = Object.entries(plan.measures).find(([, { kind }]) => kind === "count")?.[0];
  if (column === undefined || ID_FIELDS.includes(field)) return [];
  let [all, unknown] = [0, 0];
  for (const line of Buffer.from(bytes).toString().trimEnd().split("\n")) {
    const row = JSON.parse(line) as Record<string, string | number>;
    const events = row[column] as number;
    all += events;
    if (UNKNOWN.includes(row[field] as string)) unknown += events;
  }
  const value = Math.round((unknown / all) * 1e6) / 1e6;
  return [{ expectation: "unknown_share", key: `${plan.name}.${field}`, value }];
}

/** Fields with as many values as there are events or users: not worth reading for that. */
const ID_FIELDS: readonly string[] = ["event_id", "user_id", "session_id"];
