import type { EventRules } from "../events/event.ts";
import type { QueryPlan, WindowSettings } from "../queries/plan.ts";

/** From `offset` on, the partition's watermark is at least `floorMs`. */
export interface Floor {
  offset: number;
  floorMs: number;
}

/**
 * How many events of a partition met which end, from `startOffset` to `position`:
 * read = counted + duplicates + late + all dead.
 */
export interface Accounting {
  read: number;
  counted: number;
  /** Repeats of counted events; absent where events are not looked at for that. */
  duplicates?: number | undefined;
  late: number;
  /** By reason. */
  dead: Record<string, number>;
}

/** What the output says of one partition of the topic. */
export interface PartitionManifest extends Accounting {
  partition: number;
  /** Where reading began. */
  startOffset: number;
  /** The next offset to read. */
  position: number;
  /** Greatest valid event time, ms since the epoch; null before the first. */
  greatestMs: number | null;
  /** In ascending order of both members. */
  floors: Floor[];
  /** Offset ranges [from, to) that Kafka had dropped before they were read, skipped because the user allowed it. */
  lost: { from: number; to: number }[];
}

/** Version of the manifest; members that an older program would have to know need a new one. */
export const MANIFEST_FORMAT = 2;

/** `output/manifest.json`: all that is needed to compute the closed windows again from the topic alone. */
export interface Manifest {
  /** 1 knew nothing of duplicates. */
  format: 1 | typeof MANIFEST_FORMAT;
  engine: "embedded" | "spark";
  topic: { name: string; id: string };
  windows: WindowSettings;
  rules: EventRules;
  queries: readonly QueryPlan[];
  /** Every window that ends at or before it is final; null before the first. */
  closedThroughMs: number | null;
  partitions: PartitionManifest[];
  /** Partitions that were silent at the last commit, so that they hold no window open. No row depends on it. */
  idle?: number[] | undefined;
  /** Under Spark, which counts over all partitions only: their own counts are 0. */
  totals?: { read: number; dead: number; droppedRows: number } | undefined;
}
