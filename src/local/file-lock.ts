import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../core/clock.ts";

const POLL_MS = 100;
const SQLITE_BUSY = 5;

/** Held until `release`, or until the process ends, however that happens. */
export interface FileLock {
  release(): void;
}

/**
 * Takes the lock of a file, or returns undefined when another process, or this one, holds it.
 * SQLite's file lock is the portable way to a lock that the system itself releases.
 */
export function tryFileLock(path: string): FileLock | undefined {
  mkdirSync(dirname(path), { recursive: true });
  const file = new DatabaseSync(path);
  try {
    file.exec("BEGIN EXCLUSIVE");
    return { release: () => file.close() };
  } catch (error) {
    file.close();
    if (error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}

/**
 * Runs `work` while nobody else holds the lock; waits for as long as another one does.
 * @throws the signal's reason when it aborts the wait
 */
export async function withFileLock<Result>(
  path: string,
  options: { clock: Clock; onWait?: () => void; signal?: AbortSignal },
  work: () => Promise<Result>,
): Promise<Result> {
  let lock = tryFileLock(path);
  if (lock === undefined) options.onWait?.();
  while (lock === undefined) {
    await options.clock.sleep(POLL_MS, options.signal);
    options.signal?.throwIfAborted();
    lock = tryFileLock(path);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
