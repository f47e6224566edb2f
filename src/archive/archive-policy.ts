import { join } from "node:path";
import { DATA_QUALITY, HISTORY_DAYS } from "../queries/data-quality.ts";
import type { QueryPlan } from "../queries/plan.ts";
import { windowsOf } from "../queries/window-lengths.ts";
import { type ArchiveIndex, archiveOf } from "../sinks/archive-index.ts";
import type { ArchiveFormat, Day } from "../sinks/archive-path.ts";
import type { Manifest } from "../sinks/manifest.ts";
import { daysIn } from "./day-folders.ts";
import { firstDayKept, isFinal } from "./final-days.ts";

/** What shall become of older days. */
export interface ArchivePolicy {
  /** How final days are stored: as the window files they are, or as one file each. */
  compact: "none" | ArchiveFormat;
  /** Whole days to keep, ms; null for all. */
  keepMs: number | null;
}

/** A tree, and how far it is surely final. */
export interface FinalTree {
  output: string;
  manifest: Pick<Manifest, "queries" | "windows">;
  /** Every window that ends at or before it is on disk, and no engine will write it again. */
  confirmedThroughMs: number;
}

const DAY_MS = 86_400_000;

/** What a policy asks for, for one query. */
export interface DueDays {
  /** Days before it are to be dropped; null when none are that there are. */
  keptFrom: Day | null;
  /** Days to archive, ascending. */
  archive: Day[];
}

/** What is to be done with a query's days now. Rows about the data stay where they are while others are measured by them. */
export async function dueDays(
  { output, manifest, confirmedThroughMs }: FinalTree,
  { compact, keepMs }: ArchivePolicy,
  index: ArchiveIndex,
  plan: QueryPlan,
): Promise<DueDays> {
  const windows = windowsOf(plan, manifest.windows);
  const inFiles = await daysIn(join(output, plan.name));
  const archived = Object.keys(archiveOf(index, plan.name).days);
  const usedMs = plan.name === DATA_QUALITY ? HISTORY_DAYS * DAY_MS : 0;
  const usedFrom = usedMs === 0 ? undefined : firstDayKept(windows, confirmedThroughMs, usedMs);
  const keptFrom =
    keepMs === null ? null : firstDayKept(windows, confirmedThroughMs, Math.max(keepMs, usedMs));
  const isOld = (day: Day): boolean => keptFrom !== null && day < keptFrom;
  const final = inFiles.filter(
    (day) =>
      !isOld(day) && isFinal(day, windows, confirmedThroughMs) && (usedFrom === undefined || day < usedFrom),
  );
  return {
    keptFrom: [...inFiles, ...archived].some(isOld) ? keptFrom : null,
    archive: compact === "none" ? [] : final.filter((day) => !archived.includes(day)).sort(),
  };
}
