import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ClickstreamError } from "../core/errors.ts";
import { type ArchiveIndex, archiveOf, INDEX_FILE, isDropped, readArchiveIndex } from "./archive-index.ts";
import { dayOf } from "./archive-path.ts";
import { archivedWindow, readArchivedWindows } from "./archived-windows.ts";
import type { WindowRows } from "./sink.ts";

/** Keeps final rows from being written a second time beside the archive, and what was dropped from coming back. */
export class ArchivedEntries {
  readonly #output: string;
  #index: ArchiveIndex | undefined;
  #version = "";

  constructor(output: string) {
    this.#output = output;
  }

  /**
   * The entries whose windows are in no archive and not dropped. Those of the archive must be the same rows.
   * @throws ClickstreamError OUTPUT_CONFLICT, ARCHIVE_UNREADABLE
   */
  async without(entries: readonly WindowRows[]): Promise<readonly WindowRows[]> {
    const index = await this.#current();
    if (index === undefined) return entries;
    const remaining: WindowRows[] = [];
    for (const entry of entries) {
      const day = dayOf(entry.windowStartMs);
      const archive = archiveOf(index, entry.query);
      if (isDropped(archive, day)) continue;
      if (archive.days[day] === undefined) remaining.push(entry);
      else await this.#compare(entry, day);
    }
    return remaining;
  }

  async #compare({ query, windowStartMs, rowCount, bytes }: WindowRows, day: string): Promise<void> {
    const windows = await readArchivedWindows(this.#output, query, day);
    const found = windows.find(({ startMs }) => startMs === windowStartMs);
    if (found?.sha256 === archivedWindow(windowStartMs, rowCount, bytes).sha256) return;
    throw new ClickstreamError({
      code: "OUTPUT_CONFLICT",
      message: `The archive of ${query} for ${day} in ${this.#output} already holds other rows for a window.`,
      nextStep: "Another run or another engine owns this tree: choose another --output.",
    });
  }

  /** The index as it is now; read again only when it was replaced. */
  async #current(): Promise<ArchiveIndex | undefined> {
    const found = await stat(join(this.#output, INDEX_FILE), { bigint: true }).catch(() => undefined);
    if (found === undefined) return undefined;
    const version = `${found.ino} ${found.mtimeNs} ${found.size}`;
    if (version !== this.#version) this.#index = await readArchiveIndex(this.#output);
    this.#version = version;
    return this.#index;
  }
}
