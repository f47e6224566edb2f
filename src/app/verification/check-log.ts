import { ClickstreamError } from "../../core/errors.ts";
import type { Manifest, PartitionManifest } from "../../sinks/manifest.ts";

/** What a topic holds now. */
export interface LogExtent {
  topicId: string;
  /** By partition: the first offset that is still there. */
  earliest: ReadonlyMap<number, number>;
  /** By partition: the offset behind the last record that is committed. */
  ends: ReadonlyMap<number, number>;
}

/** Where the records of a partition begin that its output was made of: behind what was lost before the first. */
export function firstOffsetRead({ startOffset, lost }: PartitionManifest): number {
  return lost.reduce((first, { from, to }) => (from === first ? to : first), startOffset);
}

/**
 * Checks that the topic still holds every record that the output was made of.
 * @throws ClickstreamError TOPIC_CHANGED, LOG_TRUNCATED.
 */
export function checkLog(manifest: Manifest, { topicId, earliest, ends }: LogExtent): void {
  const { name, id } = manifest.topic;
  if (topicId !== id) {
    throw new ClickstreamError({
      code: "TOPIC_CHANGED",
      message: `The output was made of another topic called ${name}: its id was ${id}, and now it is ${topicId}.`,
      nextStep:
        "Name the brokers of the topic that the output was made of; a topic made anew can't verify it.",
    });
  }
  for (const partition of manifest.partitions) {
    const first = firstOffsetRead(partition);
    const { position } = partition;
    if (position <= first) continue;
    const held = { from: earliest.get(partition.partition), to: ends.get(partition.partition) };
    if (held.from === undefined || held.to === undefined) {
      throw truncated(`Topic ${name} has no partition ${partition.partition} any more`);
    }
    if (held.from > first || held.to < position) {
      throw truncated(
        `Topic ${name} no longer holds what the output was made of: of partition ${partition.partition} ` +
          `the offsets ${first} to ${position - 1} are needed, and there are ${held.from} to ${held.to - 1}`,
      );
    }
  }
}

function truncated(message: string): ClickstreamError {
  return new ClickstreamError({
    code: "LOG_TRUNCATED",
    message: `${message}.`,
    nextStep: "Verify before Kafka's retention drops records, or give the topic a longer retention.",
  });
}
