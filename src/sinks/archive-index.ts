import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ClickstreamError } from "../core/errors.ts";
import { formatBeyond, newerFormat } from "../core/newer-format.ts";
import { type ArchiveIndex, INDEX_FORMAT, type QueryArchive } from "./archive-index-format.ts";
import { ARCHIVE_FOLDER, type Day } from "./archive-path.ts";
import { createFolder, replaceFile, syncFolder } from "./durable-file.ts";
import { outputError } from "./output-error.ts";

export type { ArchivedDay, ArchiveIndex, QueryArchive } from "./archive-index-format.ts";

const FILE_NAME = "archive.json";
/** The index, relative to the output folder. */
export const INDEX_FILE = `${ARCHIVE_FOLDER}/${FILE_NAME}`;

const NOTHING: QueryArchive = { keptFrom: null, days: {} };

/** What the index says of a query. */
export function archiveOf(index: ArchiveIndex, query: string): QueryArchive {
  return index.queries[query] ?? NOTHING;
}

/** Whether retention has dropped a day. */
export function isDropped({ keptFrom }: QueryArchive, of: Day): boolean {
  return keptFrom !== null && of < keptFrom;
}

/**
 * Reads the index of an output tree; an empty one when nothing was ever archived or dropped.
 * @throws ClickstreamError ARCHIVE_FORMAT when a newer version wrote it, ARCHIVE_UNREADABLE
 */
export async function readArchiveIndex(output: string): Promise<ArchiveIndex> {
  const path = join(output, ARCHIVE_FOLDER, FILE_NAME);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { format: INDEX_FORMAT, queries: {} };
    throw unreadable(path, (error as Error).message, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, "it is not JSON", error);
  }
  const found = formatBeyond(INDEX_FORMAT, value);
  if (found !== undefined) {
    throw newerFormat({ code: "ARCHIVE_FORMAT", what: `The index ${path}`, found, known: INDEX_FORMAT });
  }
  // Most outputs have no archive, and most of what a thread that reads one loads would be this.
  const { parseArchiveIndex } = await import("./archive-index-schema.ts");
  const parsed = parseArchiveIndex(value);
  if ("problem" in parsed) throw unreadable(path, parsed.problem, parsed.cause);
  return parsed.index;
}

/**
 * Replaces the index, durably. This is the moment at which a day's rows are in the archive, or gone.
 * @throws ClickstreamError OUTPUT_UNWRITABLE, OUTPUT_FULL
 */
export async function writeArchiveIndex(output: string, index: ArchiveIndex): Promise<void> {
  const folder = join(output, ARCHIVE_FOLDER);
  try {
    await createFolder(folder, output);
    await replaceFile(folder, FILE_NAME, Buffer.from(`${JSON.stringify(index, null, 2)}\n`));
    await syncFolder(folder);
  } catch (error) {
    throw outputError(output, error);
  }
}

function unreadable(path: string, reason: string, cause: unknown): ClickstreamError {
  return new ClickstreamError({
    code: "ARCHIVE_UNREADABLE",
    message: `${path} can't be read as the index of an archive: ${reason}.`,
    nextStep: "Restore the file from a copy: without it nobody knows which days are archived.",
    cause,
  });
}
