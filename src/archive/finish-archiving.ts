import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ClickstreamError } from "../core/errors.ts";
import { namesIn, windowFilesIn } from "../history/day-sources.ts";
import { DATA_QUALITY } from "../queries/data-quality.ts";
import type { QueryPlan } from "../queries/plan.ts";
import {
  type ArchiveIndex,
  archiveOf,
  isDropped,
  type QueryArchive,
  readArchiveIndex,
} from "../sinks/archive-index.ts";
import {
  ARCHIVE_FOLDER,
  archivedDayFolder,
  archivedFileName,
  type Day,
  dayFolder,
} from "../sinks/archive-path.ts";
import { readArchivedWindows } from "../sinks/archived-windows.ts";
import { isTemporaryName } from "../sinks/durable-file.ts";
import { lockArchive } from "./archive-lock.ts";
import { daysIn, removeFolder, removeGone } from "./day-folders.ts";

/** Finishes what a crash left of archiving; does nothing while another process archives, which finishes it itself. */
export async function finishTree(output: string, queries: readonly QueryPlan[]): Promise<void> {
  if ((await namesIn(join(output, ARCHIVE_FOLDER))).length === 0) return;
  const lock = lockArchive(output);
  if (lock === undefined) return;
  try {
    const names = [...queries.map(({ name }) => name), DATA_QUALITY];
    await finishArchiving(output, await readArchiveIndex(output), names);
  } finally {
    lock.release();
  }
}

/**
 * Makes a tree what its index says, whatever a crash left: folders of days that are archived or dropped go, and what is
 * half-archived goes, too. Only under the archive's lock.
 * @throws ClickstreamError OUTPUT_CONFLICT, and the system's errors
 */
export async function finishArchiving(
  output: string,
  index: ArchiveIndex,
  queries: readonly string[],
): Promise<void> {
  const known = new Set([...queries, ...Object.keys(index.queries)]);
  for (const query of known) {
    const archive = archiveOf(index, query);
    await finishWindows(output, query, archive);
    await finishArchive(output, query, archive);
  }
}

/** Removes a day's window files, which the index no longer counts. @throws ClickstreamError OUTPUT_CONFLICT */
export async function removeWindowFiles(
  output: string,
  query: string,
  day: Day,
  archive: QueryArchive,
): Promise<void> {
  if (archive.days[day] !== undefined) await checkArchived(output, query, day);
  await removeFolder(join(output, query), dayFolder(day));
}

/** Removes a day from the archive, which the index no longer counts. */
export async function removeArchivedDay(output: string, query: string, day: Day): Promise<void> {
  await removeFolder(join(output, ARCHIVE_FOLDER, query), dayFolder(day));
}

async function finishWindows(output: string, query: string, archive: QueryArchive): Promise<void> {
  await removeGone(join(output, query));
  for (const day of await daysIn(join(output, query))) {
    if (archive.days[day] !== undefined || isDropped(archive, day)) {
      await removeWindowFiles(output, query, day, archive);
    }
  }
}

async function finishArchive(output: string, query: string, archive: QueryArchive): Promise<void> {
  await removeGone(join(output, ARCHIVE_FOLDER, query));
  for (const day of await daysIn(join(output, ARCHIVE_FOLDER, query))) {
    const archived = archive.days[day];
    if (archived === undefined) {
      await removeArchivedDay(output, query, day);
      continue;
    }
    const folder = join(output, archivedDayFolder(query, day));
    for (const name of await namesIn(folder)) {
      const isOther = name !== archivedFileName(day, archived.format) && !name.startsWith("_");
      if (isOther || isTemporaryName(name)) await rm(join(folder, name), { force: true });
    }
  }
}

/** Whatever the window files hold must be in the archive before they go. */
async function checkArchived(output: string, query: string, day: Day): Promise<void> {
  const files = await windowFilesIn(join(output, query, dayFolder(day)));
  if (files.length === 0) return;
  const archived = new Set((await readArchivedWindows(output, query, day)).map(({ startMs }) => startMs));
  const surplus = files.find(({ windowStartMs }) => !archived.has(windowStartMs as number));
  if (surplus === undefined) return;
  throw new ClickstreamError({
    code: "OUTPUT_CONFLICT",
    message: `${surplus.path} holds a window of a day that is archived without it.`,
    nextStep: "Nothing was removed. Move the file away if another program put it there.",
  });
}
