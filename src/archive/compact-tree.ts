import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ClickstreamError } from "../core/errors.ts";
import { shapeOf } from "../history/columns.ts";
import { type Database, openDatabase } from "../history/database.ts";
import { DATA_QUALITY, rowPlans } from "../queries/data-quality.ts";
import type { QueryPlan } from "../queries/plan.ts";
import {
  type ArchiveIndex,
  archiveOf,
  type QueryArchive,
  readArchiveIndex,
  writeArchiveIndex,
} from "../sinks/archive-index.ts";
import { ARCHIVE_FOLDER, type Day } from "../sinks/archive-path.ts";
import { outputError } from "../sinks/output-error.ts";
import { lockArchive } from "./archive-lock.ts";
import { type ArchivePolicy, dueDays, type FinalTree } from "./archive-policy.ts";
import type { OnStep } from "./archive-steps.ts";
import { compactDay } from "./compact-day.ts";
import { daysIn } from "./day-folders.ts";
import { finishArchiving, removeArchivedDay, removeWindowFiles } from "./finish-archiving.ts";

/** A tree and what to do with it. */
export interface CompactTree extends ArchivePolicy, FinalTree {
  memoryMb: number;
  /** Ends the work behind the day under way. */
  signal?: AbortSignal;
  onStep?: OnStep;
}

/** What was done. */
export interface CompactReport {
  /** Days of queries that are archived now and were not. */
  archivedDays: number;
  archivedWindows: number;
  archivedRows: number;
  /** Size of their files. */
  archivedBytes: number;
  /** Days of queries that are dropped now and were not. */
  droppedDays: number;
}

/**
 * Drops days that are no longer kept and archives final ones, one day of a query at a time. The index is replaced before
 * anything is removed: a crash anywhere leaves each row where the index says, and the next call finishes the rest.
 * @throws ClickstreamError ARCHIVE_LOCKED, ARCHIVE_UNREADABLE, ARCHIVE_FAILED, OUTPUT_CONFLICT, OUTPUT_UNWRITABLE,
 *   OUTPUT_FULL
 */
export async function compactTree(tree: CompactTree): Promise<CompactReport> {
  const lock = lockArchive(tree.output);
  if (lock === undefined) {
    throw new ClickstreamError({
      code: "ARCHIVE_LOCKED",
      message: `Another process is archiving days of ${tree.output}.`,
      nextStep: "Wait until it is done: it does the same work.",
    });
  }
  try {
    return await new TreeCompaction(tree, await readArchiveIndex(tree.output)).run();
  } catch (error) {
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : outputError(tree.output, error);
  } finally {
    lock.release();
  }
}

class TreeCompaction {
  readonly #tree: CompactTree;
  readonly #report: CompactReport = {
    archivedDays: 0,
    archivedWindows: 0,
    archivedRows: 0,
    archivedBytes: 0,
    droppedDays: 0,
  };
  #index: ArchiveIndex;
  #database: Database | undefined;

  constructor(tree: CompactTree, index: ArchiveIndex) {
    this.#tree = tree;
    this.#index = index;
  }

  async run(): Promise<CompactReport> {
    const { output, manifest, signal } = this.#tree;
    const queries = rowPlans(manifest.queries, manifest.windows);
    const names = queries.map(({ name }) => name);
    await finishArchiving(output, this.#index, names);
    try {
      for (const plan of queries) {
        const { keptFrom, archive } = await dueDays(this.#tree, this.#tree, this.#index, plan);
        if (keptFrom !== null) await this.#drop(plan.name, keptFrom);
        for (const day of archive) {
          if (signal?.aborted) return this.#report;
          await this.#archive(plan, day);
        }
      }
      return this.#report;
    } finally {
      this.#database?.[Symbol.dispose]();
      await rm(this.#spillFolder, { recursive: true, force: true });
    }
  }

  async #drop(query: string, keptFrom: Day): Promise<void> {
    const { output } = this.#tree;
    const before = archiveOf(this.#index, query);
    const days = Object.entries(before.days).filter(([day]) => day >= keptFrom);
    await this.#replace(query, { keptFrom, days: Object.fromEntries(days) });
    const archived = Object.keys(before.days).filter((day) => day < keptFrom);
    const inFiles = (await daysIn(join(output, query))).filter((day) => day < keptFrom);
    for (const day of archived) await removeArchivedDay(output, query, day);
    for (const day of inFiles) await removeWindowFiles(output, query, day, archiveOf(this.#index, query));
    this.#report.droppedDays += new Set([...archived, ...inFiles]).size;
  }

  async #archive(plan: QueryPlan, day: Day): Promise<void> {
    const { output, compact, onStep = () => {}, memoryMb } = this.#tree;
    if (compact === "none") return;
    this.#database ??= await openDatabase({ memoryMb, threads: 1, spillFolder: this.#spillFolder });
    const { connection } = this.#database;
    const archived = await compactDay({
      output,
      shape: shapeOf(plan),
      day,
      // Rows about the data have nulls, which Parquet would not give back as they were.
      format: plan.name === DATA_QUALITY ? "json" : compact,
      connection,
      onStep,
    });
    if (archived === undefined) return;
    const { keptFrom, days } = archiveOf(this.#index, plan.name);
    await this.#replace(plan.name, { keptFrom, days: { ...days, [day]: archived } });
    await removeWindowFiles(output, plan.name, day, archiveOf(this.#index, plan.name));
    onStep("window files gone");
    this.#report.archivedDays++;
    this.#report.archivedWindows += archived.windows;
    this.#report.archivedRows += archived.rows;
    this.#report.archivedBytes += archived.bytes;
  }

  /** The moment at which the truth moves. */
  async #replace(query: string, archive: QueryArchive): Promise<void> {
    this.#index = { ...this.#index, queries: { ...this.#index.queries, [query]: archive } };
    await writeArchiveIndex(this.#tree.output, this.#index);
    this.#tree.onStep?.("index replaced");
  }

  get #spillFolder(): string {
    return join(this.#tree.output, ARCHIVE_FOLDER, "_spill");
  }
}
