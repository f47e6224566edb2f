import { readFile } from "node:fs/promises";
import type { Clock } from "../core/clock.ts";
import type { QueryPlan } from "../queries/plan.ts";
import { archiveOf, readArchiveIndex } from "../sinks/archive-index.ts";
import { dayOf } from "../sinks/archive-path.ts";
import { rowsUnreadable } from "../sinks/spark-files.ts";
import { ArchivedDays } from "./archived-day.ts";
import type { DatabaseLimits } from "./database.ts";
import { type DaySource, daySources, type ListRowFiles, type RowFile } from "./day-sources.ts";
import { anyEngineListing } from "./spark-listing.ts";
import { windowStartIn } from "./window-texts.ts";

/** Rows of one final window as they were written, in any order: newline-delimited JSON. */
export interface FinalWindow {
  startMs: number;
  text: string;
}

/** Windows by their starts, from `fromMs` up to but without `toMs`; ms since the epoch. */
export interface Starts {
  /** Null: from the first on. */
  fromMs: number | null;
  toMs: number;
}

/** A listing that a day has left meanwhile is taken again so many times without a window in between. */
const ATTEMPTS = 5;

/**
 * Reads windows of any engine's tree one after the other, whether they are in window files, in Spark's or in the archive,
 * also while an engine writes there and days are archived. Who asks knows which windows are final.
 */
export class FinalWindows implements Disposable {
  readonly #output: string;
  readonly #listFiles: ListRowFiles;
  readonly #archived: ArchivedDays;
  /** Of files with several windows, which never change: the start of the last one. */
  readonly #lastStarts = new Map<string, number>();

  constructor(output: string, clock: Clock, limits: DatabaseLimits) {
    this.#output = output;
    this.#listFiles = anyEngineListing(clock);
    this.#archived = new ArchivedDays(output, limits);
  }

  /** The windows with rows, by their start, each once. @throws ClickstreamError ROWS_UNREADABLE, as the archive; the system's errors */
  async *between(plan: QueryPlan, { fromMs, toMs }: Starts): AsyncGenerator<FinalWindow> {
    let nextMs = fromMs;
    for (let attempt = 1; ; attempt++) {
      try {
        for await (const window of this.#read(plan, { fromMs: nextMs, toMs })) {
          yield window;
          nextMs = window.startMs + 1;
          attempt = 1;
        }
        return;
      } catch (error) {
        // The day was archived, or Spark's list was rewritten, since it was listed.
        if ((error as NodeJS.ErrnoException).code !== "ENOENT" || attempt === ATTEMPTS) throw error;
      }
    }
  }

  [Symbol.dispose](): void {
    this.#archived[Symbol.dispose]();
  }

  async *#read(plan: QueryPlan, starts: Starts): AsyncGenerator<FinalWindow> {
    const days = {
      ...(starts.fromMs === null ? {} : { from: dayOf(starts.fromMs) }),
      to: dayOf(starts.toMs - 1),
    };
    for (const source of await daySources(this.#output, plan.name, this.#listFiles, days)) {
      for await (const window of this.#windowsOf(plan, source, starts)) {
        if (window.startMs >= starts.toMs) return;
        if (starts.fromMs === null || window.startMs >= starts.fromMs) yield window;
      }
    }
  }

  async *#windowsOf(plan: QueryPlan, source: DaySource, starts: Starts): AsyncGenerator<FinalWindow> {
    if (source.kind !== "files") {
      const archived = archiveOf(await readArchiveIndex(this.#output), plan.name).days[source.day];
      if (archived !== undefined) yield* this.#archived.windows(plan, source.day, archived);
      return;
    }
    if (source.files.some(({ windowStartMs }) => windowStartMs === undefined)) {
      yield* await this.#gathered(source.files, starts);
      return;
    }
    for (const { path, windowStartMs } of source.files as readonly {
      path: string;
      windowStartMs: number;
    }[]) {
      if (windowStartMs >= starts.toMs) return;
      if (starts.fromMs !== null && windowStartMs < starts.fromMs) continue;
      yield { startMs: windowStartMs, text: await readFile(path, "utf8") };
    }
  }

  /** The windows of a day whose files hold several windows each, and a window perhaps in several files. */
  async #gathered(files: readonly RowFile[], { fromMs, toMs }: Starts): Promise<FinalWindow[]> {
    const windows = new Map<number, string>();
    for (const { path } of files) {
      if (fromMs !== null && (this.#lastStarts.get(path) ?? Number.POSITIVE_INFINITY) < fromMs) continue;
      let lastMs = Number.NEGATIVE_INFINITY;
      for (const line of (await readFile(path, "utf8")).split("\n")) {
        if (line === "") continue;
        const startMs = windowStartIn(line);
        if (Number.isNaN(startMs)) throw rowsUnreadable(path, line);
        lastMs = Math.max(lastMs, startMs);
        if (startMs >= toMs || (fromMs !== null && startMs < fromMs)) continue;
        windows.set(startMs, `${windows.get(startMs) ?? ""}${line}\n`);
      }
      this.#lastStarts.set(path, lastMs);
    }
    return [...windows].map(([startMs, text]) => ({ startMs, text })).sort((a, b) => a.startMs - b.startMs);
  }
}
