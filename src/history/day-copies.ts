import { createHash } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { RowShape } from "./columns.ts";
import { type Database, type DatabaseLimits, openDatabase } from "./database.ts";
import { KeptFiles } from "./kept-files.ts";
import { literal } from "./sql-text.ts";
import type { StretchFile } from "./stretch-files.ts";

/** Changes whenever the same file gives another copy. */
const APART_FORMAT = 1;

/**
 * Copies of days with those windows only that start at a multiple of their length, which do not overlap: sums over time
 * read nothing else. With the usual windows that is a fifth of the rows. A copy is named by what it is made of and appears
 * whole or not at all; without it the day itself gives the same answers.
 */
export class ApartFiles implements Disposable {
  readonly #folder: string;
  readonly #limits: DatabaseLimits;
  readonly #kept: KeptFiles;
  #database: Database | undefined;

  constructor(folder: string, limits: DatabaseLimits) {
    this.#folder = folder;
    this.#kept = new KeptFiles(folder);
    this.#limits = limits;
  }

  /** Path of the copy; undefined when there is none. */
  async find(shape: RowShape, file: StretchFile, sizeMs: number): Promise<string | undefined> {
    const name = nameOf(shape, file, sizeMs);
    return (await this.#kept.of(shape.query)).has(name) ? join(this.#folder, shape.query, name) : undefined;
  }

  /** Makes a copy and returns its path. @throws DuckDB's error, the system's */
  async make(shape: RowShape, file: StretchFile, sizeMs: number): Promise<string> {
    const name = nameOf(shape, file, sizeMs);
    const folder = join(this.#folder, shape.query);
    const made = join(folder, `_${name}.${process.pid}.tmp`);
    try {
      await mkdir(folder, { recursive: true });
      this.#database ??= await openDatabase(this.#limits);
      const rows = `SELECT * FROM read_parquet(${literal(file.path)}, hive_partitioning = false)`;
      await this.#database.connection.run(
        `COPY (${rows} WHERE epoch_ms(window_start) % ${sizeMs} = 0) TO ${literal(made)} (FORMAT parquet, COMPRESSION zstd)`,
      );
      await rename(made, join(folder, name));
    } finally {
      await rm(made, { force: true });
    }
    (await this.#kept.of(shape.query)).add(name);
    return join(folder, name);
  }

  /** Removes copies of files that a query no longer has. */
  async keepOnly(shape: RowShape, files: readonly StretchFile[], sizeMs: number): Promise<void> {
    const used = new Set(files.map((file) => nameOf(shape, file, sizeMs)));
    const present = await this.#kept.of(shape.query);
    for (const name of present) {
      if (used.has(name) || !name.endsWith(".parquet")) continue;
      await rm(join(this.#folder, shape.query, name), { force: true });
      present.delete(name);
    }
  }

  /** Looks again which copies there are. */
  forget(): void {
    this.#kept.forget();
  }

  [Symbol.dispose](): void {
    this.#database?.[Symbol.dispose]();
    this.#database = undefined;
  }
}

function nameOf(shape: RowShape, { identity, fromMs }: StretchFile, sizeMs: number): string {
  const day = new Date(fromMs).toISOString().slice(0, 10).replaceAll("-", "");
  const hash = createHash("sha256").update(JSON.stringify([APART_FORMAT, shape, sizeMs, identity]));
  return `${day}-${hash.digest("hex").slice(0, 16)}.parquet`;
}
