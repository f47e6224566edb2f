import { join } from "node:path";
import { type FileLock, tryFileLock } from "../core/file-lock.ts";
import { ARCHIVE_FOLDER } from "../sinks/archive-path.ts";

/** Held by whoever moves days of a tree; undefined while another process holds it. */
export function lockArchive(output: string): FileLock | undefined {
  return tryFileLock(join(output, ARCHIVE_FOLDER, "_archive.lock"));
}
