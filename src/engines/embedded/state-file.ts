import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { ClickstreamError } from "../../core/errors.ts";
import { newerFormat } from "../../core/newer-format.ts";
import type { QueryPlan } from "../../queries/plan.ts";

/** The state, in its folder. */
export const STATE_FILE = "state.sqlite";

/** The newest format of it; stored as SQLite's user_version. */
export const STATE_FORMAT = 4;
const FORMAT_WITHOUT_SESSIONS = 3;

/**
 * The format that a state for these queries is written in: the oldest that has what it needs, so that programs that know no
 * sessions read on what has none.
 */
export function stateFormatFor(queries: readonly QueryPlan[]): number {
  return queries.some(({ sessions }) => sessions !== undefined) ? STATE_FORMAT : FORMAT_WITHOUT_SESSIONS;
}

const SQLITE_CANTOPEN = 14;

/** The format of an open state; 0 when nothing has been written. @throws ClickstreamError STATE_FORMAT for a newer one */
export function checkStateFormat(database: DatabaseSync, path: string): number {
  const found = database.prepare("PRAGMA user_version").get()?.user_version as number;
  if (found > STATE_FORMAT) {
    throw newerFormat({ code: "STATE_FORMAT", what: `The state in ${path}`, found, known: STATE_FORMAT });
  }
  return found;
}

/**
 * What `read` finds in the state of a folder, as of its last commit; undefined when there is no state. Takes no lock: an
 * engine may be at work on it.
 * @throws ClickstreamError STATE_FORMAT, STATE_UNREADABLE
 */
export function readStateFile<T>(
  folder: string,
  read: (database: DatabaseSync, format: number) => T,
): T | undefined {
  const path = join(folder, STATE_FILE);
  if (!existsSync(path)) return undefined;
  let database: DatabaseSync | undefined;
  try {
    database = openForReading(path);
    const format = checkStateFormat(database, path);
    if (format === 0) return undefined;
    database.exec("BEGIN"); // one commit's state, whatever is committed meanwhile
    return read(database, format);
  } catch (error) {
    throw error instanceof ClickstreamError ? error : unreadableState(path, error);
  } finally {
    database?.close();
  }
}

/** Where nothing can be written, SQLite opens a file with a write-ahead log only when it is told that nobody else does. */
function openForReading(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    database.prepare("PRAGMA user_version").get();
    return database;
  } catch (error) {
    database.close();
    const log = `${path}-wal`;
    const isWhole = !existsSync(log) || statSync(log).size === 0;
    if ((error as { errcode?: number }).errcode !== SQLITE_CANTOPEN || !isWhole) throw error;
    const url = pathToFileURL(path);
    url.search = "?immutable=1";
    return new DatabaseSync(url, { readOnly: true });
  }
}

/** Tells of a state that can't be read, or whose content is damaged. */
export function unreadableState(path: string, cause: unknown): ClickstreamError {
  if (cause instanceof ClickstreamError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ClickstreamError({
    code: "STATE_UNREADABLE",
    message: `The state in ${path} can't be read: ${reason}.`,
    nextStep:
      "Check the folder's permissions; if the file is damaged, restore a copy of it or start over with --fresh.",
    cause,
  });
}
