import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ClickstreamError } from "../core/errors.ts";
import { formatBeyond, newerFormat } from "../core/newer-format.ts";
import { ARCHIVE_FOLDER, type ArchiveFormat, type Day } from "./archive-path.ts";
import { createFolder, replaceFile, syncFolder } from "./durable-file.ts";
import { outputError } from "./output-error.ts";

/** One day of a query in one file. */
export interface ArchivedDay {
  format: ArchiveFormat;
  /** Windows with rows. */
  windows: number;
  rows: number;
  /** Size of the file. */
  bytes: number;
  /** Of the file's bytes, hexadecimal. */
  sha256: string;
}

/** What became of a query's older days. */
export interface QueryArchive {
  /** Days before it are dropped; null when all are kept. */
  keptFrom: Day | null;
  /** Days whose rows are in the archive and no longer in window files. */
  days: Record<Day, ArchivedDay>;
}

const INDEX_FORMAT = 1;

/**
 * `output/archive/archive.json`: where the rows of a day are. A day that it names is in the archive, one before
 * `keptFrom` is gone, any other is in window files; leftovers elsewhere mean nothing.
 */
export interface ArchiveIndex {
  format: typeof INDEX_FORMAT;
  /** By name. A query that is not there has all its days in window files. */
  queries: Record<string, QueryArchive>;
}

const FILE_NAME = "archive.json";
/** The index, relative to the output folder. */
export const INDEX_FILE = `${ARCHIVE_FOLDER}/${FILE_NAME}`;
const day = z.iso.date();
const count = z.int().nonnegative();

const archivedDaySchema: z.ZodType<ArchivedDay> = z.strictObject({
  format: z.enum(["json", "parquet"]),
  windows: count,
  rows: count,
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const archiveIndexSchema: z.ZodType<ArchiveIndex> = z.strictObject({
  format: z.literal(INDEX_FORMAT),
  queries: z.record(
    z.string(),
    z.strictObject({ keptFrom: day.nullable(), days: z.record(day, archivedDaySchema) }),
  ),
});

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
  const parsed = archiveIndexSchema.safeParse(value);
  if (!parsed.success) throw unreadable(path, z.prettifyError(parsed.error), parsed.error);
  return parsed.data;
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
