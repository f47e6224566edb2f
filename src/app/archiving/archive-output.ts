import { existsSync } from "node:fs";
import type { ArchivePolicy } from "../../archive/archive-policy.ts";
import { type CompactReport, compactTree } from "../../archive/compact-tree.ts";
import { ClickstreamError, UsageError } from "../../core/errors.ts";
import { stateFolderOf } from "../../engines/embedded/embedded-engine.ts";
import { firstUnconfirmedEndMs } from "../../engines/embedded/unconfirmed-windows.ts";
import { lockState } from "../../engines/state-lock.ts";
import type { Manifest } from "../../sinks/manifest.ts";
import { readManifest } from "../../sinks/manifest-file.ts";

/** DuckDB sorts a day of a query in it, and goes to the disk beyond. */
export const ARCHIVING_MEMORY_MB = 256;

/**
 * Archives and drops days of an output that no engine works on.
 * @throws ClickstreamError MANIFEST_MISSING, MANIFEST_UNREADABLE, STATE_LOCKED, and what `compactTree` throws; UsageError
 *   for another engine's output
 */
export async function archiveOutput(
  output: string,
  policy: ArchivePolicy,
  signal: AbortSignal,
): Promise<CompactReport> {
  const stateFolder = stateFolderOf(output);
  const lock = existsSync(stateFolder) ? lockState(stateFolder) : undefined;
  try {
    const manifest = await manifestOf(output);
    const unconfirmedMs = firstUnconfirmedEndMs(stateFolder) ?? Number.POSITIVE_INFINITY;
    const closedThroughMs = manifest.closedThroughMs ?? Number.NEGATIVE_INFINITY;
    const confirmedThroughMs = Math.min(closedThroughMs, unconfirmedMs - 1);
    if (!Number.isFinite(confirmedThroughMs)) {
      return { archivedDays: 0, archivedWindows: 0, archivedRows: 0, archivedBytes: 0, droppedDays: 0 };
    }
    const memoryMb = ARCHIVING_MEMORY_MB;
    return await compactTree({ output, manifest, confirmedThroughMs, memoryMb, signal, ...policy });
  } finally {
    lock?.release();
  }
}

async function manifestOf(output: string): Promise<Manifest> {
  const manifest = await readManifest(output);
  if (manifest === undefined) {
    throw new ClickstreamError({
      code: "MANIFEST_MISSING",
      message: `There is no manifest.json in ${output}, so nothing says which days are final.`,
      nextStep: "Name the folder that process or run writes to, after its first commit.",
    });
  }
  if (manifest.engine !== "embedded") {
    throw new UsageError(
      `The output in ${output} was written by the ${manifest.engine} engine, which keeps its own list of files.`,
      "Only outputs of process and run can be compacted or dropped by days.",
    );
  }
  return manifest;
}
