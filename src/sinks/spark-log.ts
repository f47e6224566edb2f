import { readdir, readFile } from "node:fs/promises";
import { newerFormat } from "../core/newer-format.ts";

/** Of all logs that Spark 4.2 writes by default. */
const KNOWN_VERSION = 1;

/**
 * The lines of a log that Spark wrote, behind the one with the version; none of an empty file.
 * @throws ClickstreamError SPARK_LOG_FORMAT when a newer Spark wrote it
 */
export function linesOf(log: string, path: string): string[] {
  const [version = "", ...lines] = log.split("\n");
  const found = Number(/^v(\d+)$/.exec(version)?.[1] ?? 0);
  if (found > KNOWN_VERSION) {
    throw newerFormat({ code: "SPARK_LOG_FORMAT", what: `Spark's log ${path}`, found, known: KNOWN_VERSION });
  }
  return lines.filter((line) => line !== "");
}

/** The entries of a log whose lines are JSON. @throws ClickstreamError SPARK_LOG_FORMAT */
export function entriesOf<Entry>(log: string, path: string): Entry[] {
  return linesOf(log, path).map((line) => JSON.parse(line) as Entry);
}

/** What a folder holds; nothing when there is none. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** What a file holds; empty when there is none. */
export async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
