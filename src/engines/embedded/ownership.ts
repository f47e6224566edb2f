import { isDeepStrictEqual } from "node:util";
import { ClickstreamError } from "../../core/errors.ts";
import type { PartitionManifest } from "../../sinks/manifest.ts";
import type { Ownership, StoredState } from "./state-store.ts";

const PARTS: readonly { part: keyof Ownership; what: string }[] = [
  { part: "queries", what: "other queries" },
  { part: "windows", what: "other window settings" },
  { part: "rules", what: "other event rules" },
];

/**
 * Refuses to go on with a state that was made for something else.
 * @throws ClickstreamError TOPIC_CHANGED, SETTINGS_CHANGED
 */
export function checkOwnership(stored: Ownership, current: Ownership): void {
  if (stored.topic.name !== current.topic.name || stored.topic.id !== current.topic.id) {
    const recreated = stored.topic.name === current.topic.name;
    throw new ClickstreamError({
      code: "TOPIC_CHANGED",
      message: recreated
        ? `Topic ${current.topic.name} was deleted and created again since this output was written.`
        : `This output belongs to topic ${stored.topic.name}, not to ${current.topic.name}.`,
      nextStep: "Use another --output, or start over with --fresh.",
    });
  }
  // JSON is what was stored, so members that JSON leaves out must not count.
  const plain = JSON.parse(JSON.stringify(current)) as Ownership;
  for (const { part, what } of PARTS) {
    if (!isDeepStrictEqual(JSON.parse(JSON.stringify(stored[part])), plain[part])) {
      throw new ClickstreamError({
        code: "SETTINGS_CHANGED",
        message: `This output was started with ${what}: ${difference(stored[part], plain[part])}.`,
        nextStep: "Go back to the old settings, use another --output, or start over with --fresh.",
      });
    }
  }
}

/** Where Kafka's log of each partition begins and ends, by partition. */
export interface LogBounds {
  earliest: ReadonlyMap<number, number>;
  latest: ReadonlyMap<number, number>;
}

/** Partitions of a state that starts now: from the earliest offset. */
export function newPartitions({ earliest }: LogBounds): PartitionManifest[] {
  return [...earliest]
    .sort(([a], [b]) => a - b)
    .map(([partition, offset]) => newPartition(partition, offset, []));
}

/**
 * Partitions of a stored state, joined with those that the topic has gained since.
 * @throws ClickstreamError DATA_LOST when Kafka no longer holds what comes next, unless `skipLost`
 */
export function resumedPartitions(
  stored: StoredState,
  { earliest, latest }: LogBounds,
  skipLost: boolean,
): PartitionManifest[] {
  const resumed = stored.partitions.map((partition) => {
    const from = earliest.get(partition.partition) ?? 0;
    const end = latest.get(partition.partition) ?? 0;
    if (partition.position >= from && partition.position <= end) return partition;
    if (!skipLost) throw dataLost(partition, from, end);
    const to = partition.position < from ? from : end;
    return {
      ...partition,
      position: to,
      lost: [...partition.lost, { from: partition.position, to }],
    };
  });
  return withNewPartitions(resumed, stored.closedThroughMs, earliest);
}

/**
 * Partitions of a state and those that the topic has gained since, by their first offsets. Windows that are final stay
 * so: their end is the floor of the new ones.
 */
export function withNewPartitions(
  partitions: readonly PartitionManifest[],
  closedThroughMs: number | null,
  earliest: ReadonlyMap<number, number>,
): PartitionManifest[] {
  const known = new Set(partitions.map(({ partition }) => partition));
  const gained = [...earliest]
    .filter(([partition]) => !known.has(partition))
    .map(([partition, offset]) =>
      newPartition(partition, offset, closedThroughMs === null ? [] : [{ offset, floorMs: closedThroughMs }]),
    );
  return [...partitions, ...gained].sort((a, b) => a.partition - b.partition);
}

function newPartition(
  partition: number,
  offset: number,
  floors: PartitionManifest["floors"],
): PartitionManifest {
  return {
    partition,
    startOffset: offset,
    position: offset,
    greatestMs: null,
    floors,
    lost: [],
    read: 0,
    counted: 0,
    late: 0,
    dead: {},
  };
}

function dataLost({ partition, position }: PartitionManifest, from: number, end: number): ClickstreamError {
  const message =
    position < from
      ? `Partition ${partition}: the next event to read has offset ${position}, but Kafka has dropped everything before ${from}.`
      : `Partition ${partition}: the next event to read has offset ${position}, but Kafka's log ends at ${end}.`;
  return new ClickstreamError({
    code: "DATA_LOST",
    message,
    nextStep: "Restore the topic, or go on without these events with --on-data-loss skip, which counts them.",
  });
}

function difference(before: unknown, now: unknown): string {
  const shorten = (value: unknown): string => {
    const text = JSON.stringify(value);
    return text.length > 200 ? `${text.slice(0, 200)}…` : text;
  };
  if (Array.isArray(before) && Array.isArray(now)) {
    const index = before.findIndex((item, at) => !isDeepStrictEqual(item, now[at]));
    return `then ${shorten(before[index] ?? null)}, now ${shorten(now[index === -1 ? before.length : index] ?? null)}`;
  }
  return `then ${shorten(before)}, now ${shorten(now)}`;
}
