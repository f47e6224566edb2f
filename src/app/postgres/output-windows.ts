import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { daysIn } from "../../archive/day-folders.ts";
import { ArchivedDays } from "../../history/archived-day.ts";
import { windowFilesIn } from "../../history/day-sources.ts";
import type { QueryPlan, WindowLengths } from "../../queries/plan.ts";
import { windowsOf } from "../../queries/window-lengths.ts";
import { archiveOf, isDropped, type QueryArchive, readArchiveIndex } from "../../sinks/archive-index.ts";
import { type Day, dayFolder, dayOf, dayStartMs } from "../../sinks/archive-path.ts";
import { readArchivedWindows } from "../../sinks/archived-windows.ts";
import type { KeptFrom, ResultWindows, WindowKey } from "../../sinks/postgres/tree-follower.ts";
import { rowsIn } from "../../sinks/row-lines.ts";
import type { WindowRows } from "../../sinks/sink.ts";
import { windowFileName, windowFolder } from "../../sinks/window-path.ts";

/** What DuckDB may use to read an archived day, in the engine's process. */
const LIMITS = { memoryMb: 256, threads: 1 };

/** The windows of some queries in the tree of the embedded engine: in files of their own, or in the archive. */
export class OutputWindows implements ResultWindows {
  readonly #output: string;
  readonly #queries: ReadonlyMap<string, QueryPlan>;
  readonly #windows: WindowLengths;

  constructor(
    output: string,
    { queries, windows }: { queries: readonly QueryPlan[]; windows: WindowLengths },
  ) {
    this.#output = output;
    this.#queries = new Map(queries.map((plan) => [plan.name, plan]));
    this.#windows = windows;
  }

  /** By query, ascending. @throws ClickstreamError ARCHIVE_UNREADABLE, and the system's errors */
  async list(): Promise<WindowKey[]> {
    const keys: WindowKey[] = [];
    for (const query of this.#queries.keys()) {
      const inFiles = await this.#inFiles(query);
      // The index behind the files: a day that moves meanwhile is in one of them.
      const archive = archiveOf(await readArchiveIndex(this.#output), query);
      for (const day of [...new Set([...inFiles.keys(), ...Object.keys(archive.days)])].sort()) {
        if (isDropped(archive, day)) continue;
        const starts = archive.days[day] === undefined ? inFiles.get(day) : await this.#inArchive(query, day);
        for (const windowStartMs of starts ?? []) keys.push({ query, windowStartMs });
      }
    }
    return keys;
  }

  /** @throws ClickstreamError ARCHIVE_UNREADABLE, ARCHIVE_DAMAGED, and the system's errors */
  async *read(keys: readonly WindowKey[]): AsyncGenerator<WindowRows> {
    using archived = new ArchivedDays(this.#output, LIMITS);
    const byDay = Map.groupBy(keys, ({ query, windowStartMs }) => `${query}/${dayOf(windowStartMs)}`);
    for (const ofDay of byDay.values()) yield* this.#readDay(ofDay, archived);
  }

  /** @throws ClickstreamError ARCHIVE_UNREADABLE */
  async keptFrom(): Promise<KeptFrom> {
    const index = await readArchiveIndex(this.#output);
    return new Map(
      [...this.#queries.keys()].flatMap((query) => {
        const { keptFrom } = archiveOf(index, query);
        return keptFrom === null ? [] : [[query, dayStartMs(keptFrom)] as const];
      }),
    );
  }

  async #inFiles(query: string): Promise<Map<Day, number[]>> {
    const days = new Map<Day, number[]>();
    for (const day of await daysIn(join(this.#output, query))) {
      const files = await windowFilesIn(join(this.#output, query, dayFolder(day)));
      days.set(
        day,
        files.map(({ windowStartMs }) => windowStartMs as number),
      );
    }
    return days;
  }

  async #inArchive(query: string, day: Day): Promise<number[]> {
    const windows = await readArchivedWindows(this.#output, query, day).catch(async (error) => {
      if (isDropped(archiveOf(await readArchiveIndex(this.#output), query), day)) return [];
      throw error;
    });
    return windows.filter(({ rows }) => rows > 0).map(({ startMs }) => startMs);
  }

  /** Keys of one day of a query. Twice, because the day may move into the archive while its files are read. */
  async *#readDay(keys: readonly WindowKey[], archived: ArchivedDays): AsyncGenerator<WindowRows> {
    let left = keys;
    for (let attempt = 0; attempt < 2 && left.length > 0; attempt++) {
      const [{ query, windowStartMs }] = left as [WindowKey];
      const day = dayOf(windowStartMs);
      const archive = archiveOf(await readArchiveIndex(this.#output), query);
      if (isDropped(archive, day)) return;
      if (archive.days[day] !== undefined) {
        return yield* this.#unlessDropped(query, day, this.#readArchive(query, day, archive, left, archived));
      }
      const absent: WindowKey[] = [];
      for (const key of left) {
        const bytes = await this.#bytesOf(key);
        if (bytes === undefined) absent.push(key);
        else yield this.#windowRows(key, bytes, rowsIn(bytes));
      }
      left = absent;
    }
  }

  /** A day that is dropped while it is read ends there. */
  async *#unlessDropped(
    query: string,
    day: Day,
    rows: AsyncIterable<WindowRows>,
  ): AsyncGenerator<WindowRows> {
    try {
      yield* rows;
    } catch (error) {
      if (!isDropped(archiveOf(await readArchiveIndex(this.#output), query), day)) throw error;
    }
  }

  async *#readArchive(
    query: string,
    day: Day,
    { days }: QueryArchive,
    keys: readonly WindowKey[],
    archived: ArchivedDays,
  ): AsyncGenerator<WindowRows> {
    const plan = this.#queries.get(query);
    const archivedDay = days[day];
    if (plan === undefined || archivedDay === undefined) return;
    const wanted = new Set(keys.map(({ windowStartMs }) => windowStartMs));
    for await (const { startMs, rows, text } of archived.windows(plan, day, archivedDay)) {
      if (wanted.has(startMs))
        yield this.#windowRows({ query, windowStartMs: startMs }, Buffer.from(text), rows);
    }
  }

  #windowRows({ query, windowStartMs }: WindowKey, bytes: Uint8Array, rowCount: number): WindowRows {
    const { sizeMs } = windowsOf(this.#queries.get(query) as QueryPlan, this.#windows);
    return { query, windowStartMs, windowEndMs: windowStartMs + sizeMs, rowCount, bytes };
  }

  async #bytesOf({ query, windowStartMs }: WindowKey): Promise<Buffer | undefined> {
    try {
      return await readFile(
        join(this.#output, windowFolder(query, windowStartMs), windowFileName(windowStartMs)),
      );
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }
}
