import { windowsOf } from "../../queries/window-lengths.ts";
import type { Manifest, PartitionManifest } from "../../sinks/manifest.ts";

/** What is known of an output and its topic at one moment. */
export interface Findings {
  manifest: Manifest;
  /** Whether a process is writing to the output. */
  engineRuns: boolean;
  /** By partition, as Kafka tells them; absent when it does not answer. */
  ends?: {
    /** Behind all records. */
    end: ReadonlyMap<number, number>;
    /** Behind which no transaction is open: reading goes no further. */
    lastStable: ReadonlyMap<number, number>;
  };
}

/** Why a partition's watermark is where it is. */
export type Reason =
  /** Kafka holds events that the engine has not read yet. */
  | "behind"
  /** The same, and no engine runs. */
  | "stopped"
  /** What comes next belongs to a transaction that is not decided. */
  | "open_transaction"
  /** Read to its end; not one valid event so far. */
  | "no_event_yet"
  /** Read to its end; what it has is not far enough. */
  | "waits_for_events"
  /** Silent, and others are not: the next commits close without it. */
  | "idle"
  /** All partitions are silent: time stands still until an event comes. */
  | "all_idle"
  /** Kafka does not answer, so that nobody knows what is left to read. */
  | "end_unknown";

/** One partition; times in ms since the epoch, null before the first. */
export interface ExplainedPartition {
  partition: number;
  /** Next offset to read. */
  position: number;
  /** Null while Kafka does not answer, as `lag`. */
  end: number | null;
  lag: number | null;
  greatestMs: number | null;
  watermarkMs: number | null;
  floorMs: number | null;
  idle: boolean;
}

/** The next window to become final, and who holds it open; times in ms since the epoch. */
export interface NextWindow {
  /** Null while no window has an end yet: some partition had neither an event nor a floor. */
  startMs: number | null;
  endMs: number | null;
  /** Those whose window it is, when others have other windows; empty when it is every query's. */
  queries: string[];
  /** The partition with the least watermark. */
  heldBy: number;
  /** Others whose watermark has not passed the window's end either. */
  alsoHeldBy: number[];
  reason: Reason;
  /** An event of this time in every holder lets the window close. */
  neededEventMs: number | null;
}

export interface Explanation {
  topic: string;
  engineRuns: boolean;
  closedThroughMs: number | null;
  delayMs: number;
  partitions: ExplainedPartition[];
  /** Partitions that the topic has and the engine has not begun to read. */
  unknownPartitions: number[];
  /** Null when nothing holds it open: the next commit closes it. */
  next: NextWindow | null;
}

/** Finds out which partition holds the next window open, and why. */
export function explainPartitions(findings: Findings): Explanation {
  const { manifest, engineRuns, ends } = findings;
  const { windows, closedThroughMs } = manifest;
  const partitions = manifest.partitions.map((partition) => explained(partition, findings));
  const known = new Set(partitions.map(({ partition }) => partition));
  return {
    topic: manifest.topic.name,
    engineRuns,
    closedThroughMs,
    delayMs: windows.delayMs,
    partitions,
    unknownPartitions: [...(ends?.end.keys() ?? [])].filter((partition) => !known.has(partition)),
    next: nextWindow(partitions, findings),
  };
}

function explained(stored: PartitionManifest, { manifest, ends }: Findings): ExplainedPartition {
  const { partition, position, greatestMs, floors } = stored;
  const floorMs = floors.at(-1)?.floorMs ?? null;
  const ownMs = greatestMs === null ? null : greatestMs - manifest.windows.delayMs;
  const end = ends?.end.get(partition) ?? null;
  return {
    partition,
    position,
    end,
    lag: end === null ? null : Math.max(0, end - position),
    greatestMs,
    watermarkMs: ownMs === null ? floorMs : Math.max(ownMs, floorMs ?? ownMs),
    floorMs,
    idle: manifest.idle?.includes(partition) ?? false,
  };
}

function nextWindow(partitions: readonly ExplainedPartition[], findings: Findings): NextWindow | null {
  const { windows } = findings.manifest;
  const { endMs, startMs, queries } = nextEnd(findings.manifest);
  const behind = partitions
    .filter((partition) => watermark(partition) < (endMs ?? Number.MIN_SAFE_INTEGER))
    .toSorted((a, b) => Math.sign(watermark(a) - watermark(b)) || a.partition - b.partition);
  // A silent partition is given up as soon as the others have passed the window's end.
  const awake = behind.filter(({ idle, lag }) => !idle || (lag ?? 0) > 0);
  const [slowest, ...others] = awake.length > 0 ? awake : behind;
  if (slowest === undefined) return null;
  return {
    startMs,
    endMs,
    queries,
    heldBy: slowest.partition,
    alsoHeldBy: others.map(({ partition }) => partition),
    reason: reasonOf(slowest, partitions, findings),
    neededEventMs: endMs === null ? null : endMs + windows.delayMs,
  };
}

/** The window that ends first after those that are final. */
function nextEnd({
  closedThroughMs,
  windows,
  queries,
}: Manifest): Pick<NextWindow, "startMs" | "endMs" | "queries"> {
  if (closedThroughMs === null) return { startMs: null, endMs: null, queries: [] };
  const upcoming = queries.map((query) => {
    const { sizeMs, slideMs } = windowsOf(query, windows);
    const endMs = Math.floor(closedThroughMs / slideMs) * slideMs + slideMs;
    return { name: query.name, startMs: endMs - sizeMs, endMs };
  });
  const [first] = upcoming.toSorted((a, b) => a.endMs - b.endMs || b.startMs - a.startMs);
  const { startMs, endMs } = first!;
  const same = upcoming.filter((other) => other.startMs === startMs && other.endMs === endMs);
  return { startMs, endMs, queries: same.length === upcoming.length ? [] : same.map(({ name }) => name) };
}

/** Far below every time there is, and finite. */
function watermark({ watermarkMs }: ExplainedPartition): number {
  return watermarkMs ?? -Number.MAX_VALUE;
}

function reasonOf(
  { partition, position, end, watermarkMs, idle }: ExplainedPartition,
  all: readonly ExplainedPartition[],
  { engineRuns, ends }: Findings,
): Reason {
  if (end === null) return "end_unknown";
  if (position < (ends?.lastStable.get(partition) ?? end)) return engineRuns ? "behind" : "stopped";
  if (position < end) return "open_transaction";
  if (idle && engineRuns) return all.every((other) => other.idle) ? "all_idle" : "idle";
  return watermarkMs === null ? "no_event_yet" : "waits_for_events";
}
