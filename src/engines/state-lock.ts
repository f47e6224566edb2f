import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ClickstreamError } from "../core/errors.ts";

const SQLITE_BUSY = 5;

/** Held while a process writes to a state. */
export interface StateLock {
  release(): void;
}

const LOCK_FILE = "state.lock";
/** Longer than another process takes to look whether the lock is held. */
const LOOK_MS = 100;

/**
 * Locks a state folder for this process. The lock is SQLite's own on a file beside the state, so the system releases it
 * with the process, however that ends, and readers of the state are not held up.
 * @throws ClickstreamError STATE_LOCKED when another process holds it
 */
export function lockState(folder: string): StateLock {
  const database = new DatabaseSync(join(folder, LOCK_FILE), { timeout: LOOK_MS });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY) throw cause;
    throw new ClickstreamError({
      code: "STATE_LOCKED",
      message: `Another clickstream process is writing to ${folder}.`,
      nextStep: "Stop it first, or use another --output.",
      cause,
    });
  }
  return { release: () => database.close() };
}

/** Whether some process, perhaps this one, holds the lock of a state folder. */
export function isStateLocked(folder: string): boolean {
  const path = join(folder, LOCK_FILE);
  if (!existsSync(path)) return false;
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return false;
  } catch (error) {
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
    return true;
  } finally {
    database.close();
  }
}
