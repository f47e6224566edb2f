import { createHash } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { combineOf } from "../queries/combine.ts";
import type { QueryPlan } from "../queries/plan.ts";
import { shapeOf } from "./columns.ts";
import { type Database, type DatabaseLimits, openDatabase } from "./database.ts";
import { KeptFiles } from "./kept-files.ts";
import { identifier, literal } from "./sql-text.ts";
import type { DayCopy, StretchFile } from "./stretch-files.ts";

/** A query of which there are copies, with the length of its windows. */
export interface CopiedQuery {
  plan: QueryPlan;
  sizeMs: number;
}

/** Changes whenever the same file gives another copy with windows apart. */
const APART_FORMAT = 1;
const SUFFIXES = { apart: ".parquet", sums: ".sums.parquet" } as const satisfies Record<
  keyof DayCopy,
  string
>;
const KINDS = Object.keys(SUFFIXES) as (keyof DayCopy)[];

/**
 * Copies of days for questions over many of them: one with those windows only that start at a multiple of their length, which
 * do not overlap (with the usual windows a fifth of the rows), and one with a row a key that combines these. A copy is named
 * by what it is made of and appears whole or not at all; without it the day itself gives the same answers.
 */
export class DayCopies implements Disposable {
  readonly #folder: string;
  readonly #limits: DatabaseLimits;
  readonly #kept: KeptFiles;
  /** Days of which no copy can be made, by `StretchFile.identity`. */
  readonly #failed = new Set<string>();
  #database: Database | undefined;

  constructor(folder: string, limits: DatabaseLimits) {
    this.#folder = folder;
    this.#kept = new KeptFiles(folder);
    this.#limits = limits;
  }

  /** A query's files with the copies that there are; removes those of files that the query no longer has. */
  async addTo(query: CopiedQuery, files: readonly StretchFile[]): Promise<StretchFile[]> {
    const { name } = query.plan;
    const present = await this.#kept.of(name);
    const used = new Set<string>();
    const found = files.map((file) => {
      const copies: DayCopy = {};
      for (const kind of file.isSettled ? KINDS : []) {
        const copy = fileName(query, file, kind);
        used.add(copy);
        if (present.has(copy)) copies[kind] = join(this.#folder, name, copy);
      }
      return { ...file, copies };
    });
    for (const copy of present) {
      if (used.has(copy) || !copy.endsWith(".parquet")) continue;
      await rm(join(this.#folder, name, copy), { force: true });
      present.delete(copy);
    }
    return found;
  }

  /** Makes what one day lacks; false when none lacks anything. Queries without keys are small as they are. */
  async makeOne(query: CopiedQuery, files: readonly StretchFile[]): Promise<boolean> {
    if (query.plan.by.length === 0) return false;
    const lacking = files.find(
      ({ isSettled, identity, copies }) =>
        isSettled && !this.#failed.has(identity) && KINDS.some((kind) => copies?.[kind] === undefined),
    );
    if (lacking === undefined) return false;
    try {
      const copies: DayCopy = { ...lacking.copies };
      lacking.copies = copies;
      copies.apart ??= await this.#write(query, lacking, "apart", rowsApart(query, lacking.path));
      copies.sums ??= await this.#write(query, lacking, "sums", sumsOf(query, copies.apart));
    } catch {
      this.#failed.add(lacking.identity); // it has moved, or is too large: the day itself is read
    }
    return true;
  }

  /** Looks again which copies there are. */
  forget(): void {
    this.#kept.forget();
  }

  [Symbol.dispose](): void {
    this.#database?.[Symbol.dispose]();
    this.#database = undefined;
  }

  async #write(query: CopiedQuery, file: StretchFile, kind: keyof DayCopy, rows: string): Promise<string> {
    const { name } = query.plan;
    const copy = fileName(query, file, kind);
    const folder = join(this.#folder, name);
    const made = join(folder, `_${copy}.${process.pid}.tmp`);
    try {
      await mkdir(folder, { recursive: true });
      this.#database ??= await openDatabase(this.#limits);
      await this.#database.connection.run(
        `COPY (${rows}) TO ${literal(made)} (FORMAT parquet, COMPRESSION zstd)`,
      );
      await rename(made, join(folder, copy));
    } finally {
      await rm(made, { force: true });
    }
    (await this.#kept.of(name)).add(copy);
    return join(folder, copy);
  }
}

const rowsOf = (path: string): string => `read_parquet(${literal(path)}, hive_partitioning = false)`;

function rowsApart({ sizeMs }: CopiedQuery, path: string): string {
  return `SELECT * FROM ${rowsOf(path)} WHERE epoch_ms(window_start) % ${sizeMs} = 0`;
}

/** A row a key. Its start is that of a window, so that it is found as the windows' rows are. */
function sumsOf({ plan }: CopiedQuery, apart: string): string {
  const { columns, keys } = shapeOf(plan);
  const combined = columns.map(({ name, type }) => {
    if (keys.includes(name)) return identifier(name);
    const measure = plan.measures[name];
    const how = measure === undefined ? "min" : (combineOf(measure) ?? "any_value");
    return `${how}(${identifier(name)})::${type} AS ${identifier(name)}`;
  });
  const by = keys.map(identifier).join(", ");
  return `SELECT ${combined.join(", ")} FROM ${rowsOf(apart)} GROUP BY ${by} ORDER BY ${by}`;
}

function fileName(
  { plan, sizeMs }: CopiedQuery,
  { identity, fromMs }: StretchFile,
  kind: keyof DayCopy,
): string {
  const day = new Date(fromMs).toISOString().slice(0, 10).replaceAll("-", "");
  const hash = createHash("sha256").update(JSON.stringify([APART_FORMAT, shapeOf(plan), sizeMs, identity]));
  return `${day}-${hash.digest("hex").slice(0, 16)}${SUFFIXES[kind]}`;
}
