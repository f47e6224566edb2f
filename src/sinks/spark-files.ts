import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ClickstreamError } from "../core/errors.ts";
import { entriesOf, namesIn } from "./spark-log.ts";

const LOG_FOLDER = "_spark_metadata";
const ENTRY = /^(\d+)(\.compact)?$/;
/** Spark replaces entries by a compact one while they are read: then the list is taken anew. */
const ATTEMPTS = 5;

/** One line of an entry of the log. */
interface FileEntry {
  path: string;
  action: "add" | "delete";
}

/** What Spark's file sink has committed of a query. */
export interface CommittedOutput {
  /** The last batch whose rows are committed; undefined before the first. */
  readonly lastBatch: number | undefined;
  /** Absolute paths. A tree that was moved since is no difference. */
  readonly files: readonly string[];
}

/**
 * The files of a query that Spark has committed, by the sink's own log: a task that was killed leaves files that are in
 * no entry, and nobody may read them.
 */
export async function committedOutput(output: string, query: string): Promise<CommittedOutput> {
  const folder = join(output, query);
  for (let attempt = 1; ; attempt++) {
    try {
      return await readLog(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Absolute paths of the files of a query that Spark has committed. */
export async function committedFiles(output: string, query: string): Promise<readonly string[]> {
  return (await committedOutput(output, query)).files;
}

/** Whether the folder of a query is written by Spark. */
export async function isSparkFolder(output: string, query: string): Promise<boolean> {
  return (await namesIn(join(output, query))).includes(LOG_FOLDER);
}

/** ROWS_UNREADABLE: a line of a committed file is no row. */
export function rowsUnreadable(path: string, text: string): ClickstreamError {
  return new ClickstreamError({
    code: "ROWS_UNREADABLE",
    message: `${path} has a line that is no row: ${text.slice(0, 100)}`,
    nextStep: "Somebody changed the file: restore it, or compute the output again with --fresh.",
  });
}

async function readLog(folder: string): Promise<CommittedOutput> {
  const entries = (await namesIn(join(folder, LOG_FOLDER))).flatMap((name) => {
    const match = ENTRY.exec(name);
    return match === null ? [] : [{ name, batch: Number(match[1]), compact: match[2] !== undefined }];
  });
  const lastCompact = Math.max(-1, ...entries.filter(({ compact }) => compact).map(({ batch }) => batch));
  // A compact entry says all that those up to it said.
  const needed = entries
    .filter(({ batch, compact }) => (compact ? batch === lastCompact : batch > lastCompact))
    .sort((a, b) => a.batch - b.batch);
  const files = new Set<string>();
  for (const { name } of needed) {
    const logPath = join(folder, LOG_FOLDER, name);
    for (const { path, action } of entriesOf<FileEntry>(await readFile(logPath, "utf8"), logPath)) {
      // Such as file:///data/output/url_counts/date=2026-11-23/part-….json: only the end stays when a tree is moved.
      const [day = "", file = ""] = path.split("/").slice(-2).map(decodeURIComponent);
      if (action === "delete") files.delete(join(folder, day, file));
      else files.add(join(folder, day, file));
    }
  }
  return { lastBatch: needed.at(-1)?.batch, files: [...files] };
}
