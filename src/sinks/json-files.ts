import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { concurrently } from "../core/concurrently.ts";
import { ClickstreamError } from "../core/errors.ts";
import { ArchivedEntries } from "./archived-entries.ts";
import { createFolder, isTemporaryName, replaceFile, syncFolder } from "./durable-file.ts";
import { outputError } from "./output-error.ts";
import type { Sink, WindowRows } from "./sink.ts";
import { windowFileName, windowFolder } from "./window-path.ts";

/** Enough to overlap the waits of a disk; more only queues in Node's four I/O threads. */
const CONCURRENT_FILES = 8;

/** One file a window: `<output>/<query>/date=YYYY-MM-DD/YYYYMMDDThhmmssZ.json`, newline-delimited JSON. */
export class JsonFilesSink implements Sink {
  readonly name = "json-files";
  readonly #output: string;
  readonly #archived: ArchivedEntries;
  readonly #onWritten: (entries: readonly WindowRows[]) => void;
  /** Folders whose parents are known to be durable: created or synced by this sink. */
  readonly #folders = new Set<string>();

  private constructor(output: string, onWritten: (entries: readonly WindowRows[]) => void) {
    this.#output = output;
    this.#archived = new ArchivedEntries(output);
    this.#onWritten = onWritten;
  }

  /**
   * Creates the output folder and removes what a crash left half-written. `onWritten` is called when files are durable.
   * @throws ClickstreamError OUTPUT_UNWRITABLE.
   */
  static async open(
    output: string,
    onWritten: (entries: readonly WindowRows[]) => void = () => {},
  ): Promise<JsonFilesSink> {
    try {
      await createFolder(output, output);
      await removeLeftovers(output);
    } catch (error) {
      throw outputError(output, error);
    }
    return new JsonFilesSink(output, onWritten);
  }

  /**
   * Every file is synced on its own, every folder once a call. Windows that are archived or dropped are done.
   * @throws ClickstreamError OUTPUT_UNWRITABLE, OUTPUT_FULL; OUTPUT_CONFLICT when a window's file or the archive holds
   *   other bytes; ARCHIVE_UNREADABLE.
   */
  async write(all: readonly WindowRows[]): Promise<void> {
    const entries = await this.#archived.without(all);
    const folders = new Set(entries.map((entry) => windowFolder(entry.query, entry.windowStartMs)));
    try {
      for (const folder of folders) await this.#ensureFolder(folder);
      await concurrently(CONCURRENT_FILES, entries, (entry) => this.#place(entry));
      await concurrently(CONCURRENT_FILES, folders, (folder) => syncFolder(join(this.#output, folder)));
    } catch (error) {
      this.#folders.clear(); // someone may have removed them: the next call looks again
      throw outputError(this.#output, error);
    }
    this.#onWritten(entries);
  }

  async close(): Promise<void> {}

  async #ensureFolder(folder: string): Promise<void> {
    if (this.#folders.has(folder)) return;
    await createFolder(join(this.#output, folder), this.#output);
    this.#folders.add(folder);
  }

  async #place(entry: WindowRows): Promise<void> {
    const folder = join(this.#output, windowFolder(entry.query, entry.windowStartMs));
    const fileName = windowFileName(entry.windowStartMs);
    const path = join(folder, fileName);
    const existing = await readIfPresent(path, entry.bytes.length);
    if (existing === undefined) return replaceFile(folder, fileName, entry.bytes);
    if (existing === "other size" || !existing.equals(entry.bytes)) {
      throw new ClickstreamError({
        code: "OUTPUT_CONFLICT",
        message: `${path} already holds other rows for this window.`,
        nextStep:
          "Another run or another engine owns this tree: choose another --output, or move the file away.",
      });
    }
  }
}

async function readIfPresent(path: string, size: number): Promise<Buffer | "other size" | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (found === undefined) return undefined;
  return found.size === size ? readFile(path) : "other size";
}

async function removeLeftovers(output: string): Promise<void> {
  for (const query of await readdir(output, { withFileTypes: true })) {
    if (!query.isDirectory() || query.name === "checkpoints") continue;
    const days = await readdir(join(output, query.name), { withFileTypes: true });
    await concurrently(CONCURRENT_FILES, days, async (day) => {
      if (!day.isDirectory() || !day.name.startsWith("date=")) return;
      const folder = join(output, query.name, day.name);
      for (const file of await readdir(folder)) if (isTemporaryName(file)) await rm(join(folder, file));
    });
  }
}
