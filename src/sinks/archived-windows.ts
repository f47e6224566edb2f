import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { archivedDayFolder, type Day } from "./archive-path.ts";
import { replaceFile } from "./durable-file.ts";

/** One window of an archived day: enough to tell whether other rows are the same. */
export interface ArchivedWindow {
  startMs: number;
  rows: number;
  /** First half of the SHA-256 of the window's rows as their file held them, hexadecimal. */
  sha256: string;
}

/** Beside the archived file; `_` keeps it from readers of folders. */
const FILE_NAME = "_windows.json";

const schema: z.ZodType<ArchivedWindow[]> = z.array(
  z.strictObject({ startMs: z.int(), rows: z.int().nonnegative(), sha256: z.string() }),
);

/** Describes a window's rows. */
export function archivedWindow(startMs: number, rows: number, bytes: Uint8Array | string): ArchivedWindow {
  return { startMs, rows, sha256: createHash("sha256").update(bytes).digest("hex").slice(0, 32) };
}

/** Writes the list of an archived day's windows; durable once the folder is synced. */
export function writeArchivedWindows(
  output: string,
  query: string,
  day: Day,
  windows: readonly ArchivedWindow[],
): Promise<void> {
  const lines = windows.map((window) => JSON.stringify(window));
  return replaceFile(
    join(output, archivedDayFolder(query, day)),
    FILE_NAME,
    Buffer.from(`[\n${lines.join(",\n")}\n]\n`),
  );
}

/** The windows of an archived day. @throws the system's error, or one of its content */
export async function readArchivedWindows(
  output: string,
  query: string,
  day: Day,
): Promise<ArchivedWindow[]> {
  const text = await readFile(join(output, archivedDayFolder(query, day), FILE_NAME), "utf8");
  return schema.parse(JSON.parse(text));
}
