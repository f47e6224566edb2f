// A process of its own, at the lowest priority: the engine's threads go first, and DuckDB's memory is not the engine's.
import { setPriority } from "node:os";
import process from "node:process";
import { compactTree } from "../../archive/compact-tree.ts";
import { ClickstreamError } from "../../core/errors.ts";
import { ARCHIVING_MEMORY_MB } from "./archive-output.ts";
import type { ArchivingJob, ArchivingOutcome } from "./background-archiving.ts";

const LOWEST_PRIORITY = 19;

setPriority(LOWEST_PRIORITY);
process.on("disconnect", () => process.exit()); // the engine is gone; whatever was under way, the next start finishes
process.on("SIGINT", () => {}); // of the terminal: the engine decides
process.once("message", async (job: ArchivingJob) => {
  process.send?.(await archive(job));
  process.disconnect();
});

async function archive(job: ArchivingJob): Promise<ArchivingOutcome> {
  try {
    return { report: await compactTree({ ...job, memoryMb: ARCHIVING_MEMORY_MB }) };
  } catch (error) {
    const isTold = error instanceof ClickstreamError;
    return { failure: isTold ? `${error.message} ${error.nextStep}` : String((error as Error).stack) };
  }
}
