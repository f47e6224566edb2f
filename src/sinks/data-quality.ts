import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DATA_QUALITY, HISTORY_DAYS } from "../queries/data-quality.ts";
import type { QueryPlan, WindowSettings } from "../queries/plan.ts";
import { windowsOf } from "../queries/window-lengths.ts";
import { expectedRange } from "./expected-range.ts";
import { outputError } from "./output-error.ts";
import type { Sink, WindowRows } from "./sink.ts";
import { windowFileName, windowFolder } from "./window-path.ts";
import { type Expectation, SHARES_OF_RECORDS, type WindowValue, windowValues } from "./window-values.ts";

/** One expectation of one window. */
export interface QualityRow {
  window_start: string;
  window_end: string;
  expectation: Expectation;
  /** What it is of: a query, a query and its column, a reason of dead letters, or `all`. */
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
  windows: Pick<WindowSettings, "sizeMs" | "slideMs" | "dedupe">;
  /** The range is the median ± so many times the MAD. */
  factor: number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const LEAST_SAMPLES = 12;
/** Of these more is worse and less is never unexpected; steps of so much are nothing to speak of. */
const WORSE_BY: Readonly<Partial<Record<Expectation, number>>> = {
  dead_share: 0.005,
  late_share: 0.005,
  duplicate_share: 0.005,
  freshness: 5,
};

/** What windows of one hour of the day said over the days before. */
interface QualityHistory {
  startMs: number;
  /** How many looked at what became of all records. */
  windows: number;
  /** By expectation and key. */
  values: ReadonlyMap<string, readonly number[]>;
}

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
  #hour: QualityHistory | undefined;

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
    const rows = measured.map((one) => this.#judged(startMs, one, history));
    const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
    const windowEndMs = startMs + this.#settings.windows.sizeMs;
    const bytes = Buffer.from(text);
    await this.#files.write([
      { query: DATA_QUALITY, windowStartMs: startMs, windowEndMs, rowCount: rows.length, bytes },
    ]);
    this.latest = rows;
  }

  #judged(startMs: number, measured: WindowValue, { windows: known, values }: QualityHistory): QualityRow {
    const { windows, factor } = this.#settings;
    const { expectation, value } = measured;
    const history = [...(values.get(nameOf(measured)) ?? [])];
    // Of what has no row there was nothing.
    if (SHARES_OF_RECORDS.includes(expectation)) while (history.length < known) history.push(0);
    const worseBy = WORSE_BY[expectation];
    const range =
      history.length < LEAST_SAMPLES ? undefined : expectedRange(history, { factor, leastReach: worseBy });
    const low = worseBy === undefined ? range?.low : 0;
    return {
      window_start: new Date(startMs).toISOString(),
      window_end: new Date(startMs + windows.sizeMs).toISOString(),
      ...measured,
      expected_low: range === undefined ? null : low!,
      expected_high: range?.high ?? null,
      samples: history.length,
      ok: range === undefined ? null : value >= low! && value <= range.high,
    };
  }

  /** Of queries whose windows slide as the pipeline's do, and of all records. */
  #measure(plan: QueryPlan, entries: readonly WindowRows[]): WindowValue[] {
    const entry = entries.find(({ query }) => query === plan.name);
    const { windows } = this.#settings;
    if (entry === undefined) return [];
    if (!plan.arrivals && windowsOf(plan, windows).slideMs !== windows.slideMs) return [];
    return windowValues(plan, entry, windows.dedupe === true);
  }

  /** Values of the windows of the same hour of the day, over the days before. The hour of the window last asked is kept. */
  async #historyOf(startMs: number): Promise<QualityHistory> {
    const hourMs = Math.floor(startMs / HOUR_MS) * HOUR_MS;
    if (this.#hour?.startMs === hourMs) return this.#hour;
    const values = new Map<string, number[]>();
    const { sizeMs } = this.#settings.windows;
    let windows = 0;
    for (let day = 1; day <= HISTORY_DAYS; day++) {
      const fromMs = Math.ceil((hourMs - day * DAY_MS) / sizeMs) * sizeMs;
      for (let ms = fromMs; ms < hourMs + HOUR_MS - day * DAY_MS; ms += sizeMs) {
        const rows = await this.#read(ms);
        if (rows.some(({ expectation }) => expectation === "dead_share")) windows++;
        for (const row of rows) {
          const known = values.get(nameOf(row));
          if (known === undefined) values.set(nameOf(row), [row.value]);
          else known.push(row.value);
        }
      }
    }
    this.#hour = { startMs: hourMs, windows, values };
    return this.#hour;
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

const nameOf = ({ expectation, key }: Pick<WindowValue, "expectation" | "key">): string =>
  `${expectation} ${key}`;
