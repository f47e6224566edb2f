import type { Clock } from "../../core/clock.ts";
import { ClickstreamError } from "../../core/errors.ts";
import type { Cluster, TopicDescription } from "../../kafka/cluster.ts";

/** A topic that has more partitions than before. */
export interface GrownTopic {
  topic: TopicDescription;
  /** By partition: the first offset there is. */
  earliest: ReadonlyMap<number, number>;
}

/** Where and how often to look. */
export interface PartitionWatchOptions {
  cluster: Cluster;
  clock: Clock;
  everyMs: number;
  /** The topic as it is known. */
  topic: TopicDescription;
}

/** Resolves when the topic has gained partitions and all of them can be read; undefined when the signal aborts first. */
export async function watchForPartitions(
  { cluster, clock, everyMs, topic }: PartitionWatchOptions,
  signal: AbortSignal,
): Promise<GrownTopic | undefined> {
  while (true) {
    await clock.sleep(everyMs, signal);
    if (signal.aborted) return undefined;
    try {
      const found = await cluster.topic(topic.name);
      if (found?.id !== topic.id || found.partitions.length <= topic.partitions.length) continue;
      return { topic: found, earliest: await cluster.offsets(found, "earliest") };
    } catch (error) {
      if (!(error instanceof ClickstreamError)) throw error; // else looked for again
    }
  }
}
