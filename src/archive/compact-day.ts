import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { ClickstreamError } from "../core/errors.ts";
import type { RowShape } from "../history/columns.ts";
import { windowFilesIn } from "../history/day-sources.ts";
import { decimalQuoter } from "../history/exact-decimals.ts";
import { gatherFiles } from "../history/gather-files.ts";
import { writeParquet } from "../history/parquet-files.ts";
import { type WindowText, windowsInJson, windowsInParquet } from "../history/window-texts.ts";
import type { ArchivedDay } from "../sinks/archive-index.ts";
import {
  type ArchiveFormat,
  archivedDayFolder,
  archivedFileName,
  type Day,
  dayFolder,
} from "../sinks/archive-path.ts";
import { type ArchivedWindow, archivedWindow, writeArchivedWindows } from "../sinks/archived-windows.ts";
import { createFolder, syncFolder, temporaryName } from "../sinks/durable-file.ts";
import { rowsIn } from "../sinks/row-lines.ts";
import type { OnStep } from "./archive-steps.ts";

/** What is compacted, and how. */
export interface CompactDay {
  output: string;
  shape: RowShape;
  day: Day;
  format: ArchiveFormat;
  connection: DuckDBConnection;
  onStep: OnStep;
}

/**
 * Writes a day's windows as one file into the archive, durably, and reads it back: every window must give the bytes of its
 * file. Window files stay as they are. Returns undefined when the day has none.
 * @throws ClickstreamError ARCHIVE_FAILED, and the system's errors
 */
export async function compactDay(job: CompactDay): Promise<ArchivedDay | undefined> {
  const { output, shape, day, format, connection, onStep } = job;
  const { query } = shape;
  const files = await windowFilesIn(join(output, query, dayFolder(day)));
  if (files.length === 0) return undefined;
  const folder = join(output, archivedDayFolder(query, day));
  await createFolder(folder, output);
  const fileName = archivedFileName(day, format);
  const written = join(folder, temporaryName(fileName));
  const gathered = format === "json" ? written : join(folder, temporaryName("rows.json"));
  onStep("begun");

  const windows: ArchivedWindow[] = [];
  const quote = format === "parquet" ? decimalQuoter(shape) : undefined;
  const lines = await gatherFiles(
    files.map(({ path }) => path),
    gathered,
    (bytes, index) => {
      windows.push(archivedWindow(files[index]?.windowStartMs as number, rowsIn(bytes), bytes));
      return quote?.(bytes) ?? bytes;
    },
  );
  onStep("rows gathered");
  if (format === "parquet") {
    await writeParquet(connection, { path: gathered, ...lines }, shape, written).catch((cause: Error) => {
      throw notArchived(job, cause.message.split("\n", 1)[0] as string, cause);
    });
    await rm(gathered);
  }
  await syncFile(written);
  onStep("day written");
  const found = format === "json" ? windowsInJson(written) : windowsInParquet(connection, written, shape);
  await checkWindows(job, windows, found);
  onStep("day checked");
  await writeArchivedWindows(output, query, day, windows);
  onStep("windows listed");
  const sha256 = await hashOf(written);
  const { size: bytes } = await stat(written);
  await rename(written, join(folder, fileName));
  await syncFolder(folder);
  onStep("day in place");
  const rows = windows.reduce((sum, window) => sum + window.rows, 0);
  return { format, windows: windows.length, rows, bytes, sha256 };
}

async function checkWindows(
  job: CompactDay,
  expected: readonly ArchivedWindow[],
  found: AsyncIterable<WindowText>,
): Promise<void> {
  const withRows = expected.filter(({ rows }) => rows > 0);
  let index = 0;
  for await (const { startMs, rows, text } of found) {
    const wanted = withRows[index++];
    const { sha256 } = archivedWindow(startMs, rows, text);
    if (wanted?.startMs !== startMs || wanted.rows !== rows || wanted.sha256 !== sha256) {
      throw notArchived(job, otherwise(wanted?.startMs ?? startMs));
    }
  }
  if (index < withRows.length) throw notArchived(job, otherwise(withRows[index]?.startMs as number));
}

function notArchived({ shape, day }: CompactDay, why: string, cause?: Error): ClickstreamError {
  return new ClickstreamError({
    code: "ARCHIVE_FAILED",
    message: `${shape.query} of ${day} was not archived: ${why.replace(/\.$/, "")}.`,
    nextStep: "The window files are untouched. Verify them: one may have been changed by another program.",
    cause,
  });
}

const otherwise = (windowStartMs: number): string =>
  `the window of ${new Date(windowStartMs).toISOString()} does not read back as its file holds it`;

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
