import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { DATA_QUALITY } from "../queries/data-quality.ts";
import { archiveOf, isDropped, readArchiveIndex } from "../sinks/archive-index.ts";
import { archivedFile, type Day, dayOfFolder } from "../sinks/archive-path.ts";
import type { Manifest } from "../sinks/manifest.ts";
import { windowStartOf } from "../sinks/window-path.ts";

/** Where the rows of one day of a query are: an archived file, or files of rows as the engine wrote them. */
export type DaySource =
  | { kind: "parquet"; day: Day; path: string; sha256: string }
  | { kind: "json"; day: Day; path: string; sha256: string }
  | { kind: "files"; day: Day; files: readonly RowFile[] };

/** A file of rows that never changes again. */
export interface RowFile {
  path: string;
  /** Start of the window whose rows it holds, ms since the epoch; undefined when it holds several. */
  windowStartMs: number | undefined;
}

/**
 * Lists the final row files of a query that are in no archive, by day. The embedded engine has every window in a file of
 * its own; an engine that keeps another list of what is final brings its own listing.
 */
export type ListRowFiles = (output: string, query: string) => Promise<ReadonlyMap<Day, readonly RowFile[]>>;

/**
 * Lists where the rows of a query are, one source a day, by day. Only days from `from` to `to` (both included) when given.
 * @throws ClickstreamError ARCHIVE_UNREADABLE
 */
export async function daySources(
  output: string,
  query: string,
  listFiles: ListRowFiles,
  { from = "", to = "9999-12-31" }: { from?: Day; to?: Day } = {},
): Promise<DaySource[]> {
  // The files first: a day that moves into the archive meanwhile is then in the index, never in neither.
  const files = await listFiles(output, query);
  const { days, ...archive } = archiveOf(await readArchiveIndex(output), query);
  const sources = new Map<Day, DaySource>();
  for (const [day, ofDay] of files) {
    if (ofDay.length > 0) sources.set(day, { kind: "files", day, files: ofDay });
  }
  for (const [day, { format, sha256 }] of Object.entries(days)) {
    sources.set(day, { kind: format, day, path: join(output, archivedFile(query, day, format)), sha256 });
  }
  return [...sources.values()]
    .filter(({ day }) => day >= from && day <= to && !isDropped({ days, ...archive }, day))
    .sort((a, b) => (a.day < b.day ? -1 : 1));
}

/** A folder that changed so recently may change again within the grain of its time stamp. */
const UNSETTLED_MS = 2_000;

/** Lists the window files of an embedded engine's tree. A day's folder is looked into again only when it has changed. */
export function windowFileListing(clock: Pick<Clock, "nowMs">): ListRowFiles {
  const settled = new Map<string, { changedMs: number; files: readonly RowFile[] }>();
  return async (output, query) => {
    const found = new Map<Day, readonly RowFile[]>();
    for (const name of await namesIn(join(output, query))) {
      const day = dayOfFolder(name);
      if (day === undefined) continue;
      const folder = join(output, query, name);
      const nowMs = clock.nowMs();
      const changedMs = (await ifPresent(stat(folder)))?.mtimeMs;
      const before = settled.get(folder);
      if (changedMs === undefined || changedMs !== before?.changedMs) settled.delete(folder);
      if (changedMs === undefined) continue;
      const files = settled.get(folder)?.files ?? (await windowFilesIn(folder));
      if (nowMs - changedMs > UNSETTLED_MS) settled.set(folder, { changedMs, files });
      found.set(day, files);
    }
    return found;
  };
}

/** Queries of an output tree without a manifest: the folders that have days in them. */
export async function queriesIn(output: string): Promise<string[]> {
  const queries = new Set(Object.keys((await readArchiveIndex(output)).queries));
  for (const name of await namesIn(output)) {
    if (/^[a-z]/.test(name) && (await namesIn(join(output, name))).some(dayOfFolder)) queries.add(name);
  }
  return [...queries].sort();
}

/** The manifest's queries, and what is written beside them. */
export async function namesOf(output: string, { queries }: Manifest): Promise<string[]> {
  const isThere =
    (await namesIn(join(output, DATA_QUALITY))).some(dayOfFolder) ||
    (await readArchiveIndex(output)).queries[DATA_QUALITY] !== undefined;
  return [...queries.map(({ name }) => name), ...(isThere ? [DATA_QUALITY] : [])];
}

/** The window files in a day's folder, by their start; none when it is absent. */
export async function windowFilesIn(folder: string): Promise<RowFile[]> {
  const files = (await namesIn(folder)).map((name) => ({
    path: join(folder, name),
    windowStartMs: windowStartOf(name),
  }));
  return files
    .filter(({ windowStartMs }) => windowStartMs !== undefined)
    .sort((a, b) => Number(a.windowStartMs) - Number(b.windowStartMs));
}

/** Names in a folder; none when it is absent. */
export async function namesIn(folder: string): Promise<string[]> {
  return (await ifPresent(readdir(folder))) ?? [];
}

async function ifPresent<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
