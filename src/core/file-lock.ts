import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "./clock.ts";
import { ClickstreamError } from "./errors.ts";

const POLL_MS = 100;
const SQLITE_BUSY = 5;

/** Held until `release`, or until the process ends, however that happens. */
export interface FileLock {
  release(): void;
}

/**
 * Takes the lock of a file, or returns undefined when another process, or this one, holds it.
 * SQLite's file lock is the portable way to a lock that the system itself releases.
 * @throws ClickstreamError FOLDER_NOT_WRITABLE
 */
export function tryFileLock(path: string): FileLock | undefined {
  let file: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    file = new DatabaseSync(path);
    const held = file;
    held.exec("BEGIN EXCLUSIVE");
    return { release: () => held.close() };
  } catch (cause) {
    file?.close();
    if (cause instanceof Error && "errcode" in cause && cause.errcode === SQLITE_BUSY) return undefined;
    throw new ClickstreamError({
      code: "FOLDER_NOT_WRITABLE",
      message: `Nothing can be written in ${dirname(path)}: ${cause instanceof Error ? cause.message : cause}.`,
      nextStep: "Make that folder writable, or use another.",
      cause,
    });
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
