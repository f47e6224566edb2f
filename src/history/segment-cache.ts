import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import type { RowShape } from "./columns.ts";
import { type Database, type DatabaseLimits, openDatabase } from "./database.ts";
import { decimalQuoter } from "./exact-decimals.ts";
import { gatherFiles } from "./gather-files.ts";
import { KeptFiles } from "./kept-files.ts";
import { writeParquet } from "./parquet-files.ts";
import type { Segment } from "./segments.ts";
import type { StretchFile } from "./stretch-files.ts";

/** A file that nothing needs any more stays this long, for statements of other processes that still read it. */
const KEPT_UNUSED_MS = 3_600_000;

/**
 * Parquet files made of row files, kept between runs and shared by processes: a file's name says what it holds, and it
 * appears whole or not at all. Deleting the folder costs time, nothing else.
 */
export class SegmentCache implements Disposable {
  readonly folder: string;
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #limits: DatabaseLimits;
  readonly #kept: KeptFiles;
  #database: Database | undefined;
  #made = 0;

  constructor(folder: string, clock: Pick<Clock, "nowMs">, limits: DatabaseLimits) {
    this.folder = folder;
    this.#kept = new KeptFiles(folder);
    this.#clock = clock;
    this.#limits = limits;
  }

  /** The segments' files, in their order; makes those that are missing. */
  async filesOf(shape: RowShape, segments: readonly Segment[]): Promise<StretchFile[]> {
    const folder = join(this.folder, shape.query);
    const present = await this.#kept.of(shape.query);
    const files: StretchFile[] = [];
    for (const segment of segments) {
      const { fileName, fromMs, toMs, isSettled } = segment;
      if (!present.has(fileName)) await this.#make(shape, segment, folder);
      present.add(fileName);
      files.push({ path: join(folder, fileName), fromMs, toMs, identity: fileName, isSettled });
    }
    if (present.size > segments.length) await this.#removeUnused(folder, present, segments);
    return files;
  }

  /** Looks again which files there are: another process may have deleted some. */
  forget(): void {
    this.#kept.forget();
  }

  [Symbol.dispose](): void {
    this.#database?.[Symbol.dispose]();
    this.#database = undefined;
  }

  async #make(shape: RowShape, { fileName, paths }: Segment, folder: string): Promise<void> {
    const unique = `_${fileName}.${process.pid}.${this.#made++}`;
    const [rows, made] = [join(folder, `${unique}.rows.tmp`), join(folder, `${unique}.tmp`)];
    try {
      await mkdir(folder, { recursive: true });
      const lines = await gatherFiles(paths, rows, decimalQuoter(shape));
      this.#database ??= await openDatabase(this.#limits);
      await writeParquet(this.#database.connection, { path: rows, ...lines }, shape, made);
      await rename(made, join(folder, fileName));
    } finally {
      await rm(rows, { force: true });
      await rm(made, { force: true });
    }
  }

  async #removeUnused(folder: string, present: Set<string>, segments: readonly Segment[]): Promise<void> {
    const used = new Set(segments.map(({ fileName }) => fileName));
    for (const name of present) {
      if (used.has(name)) continue;
      const changedMs = (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs;
      if (changedMs !== undefined && this.#clock.nowMs() - changedMs < KEPT_UNUSED_MS) continue;
      await rm(join(folder, name), { force: true });
      present.delete(name);
    }
  }
}
