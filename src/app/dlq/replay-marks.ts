import type { Cluster, TopicDescription } from "../../kafka/cluster.ts";
import { partitionBatches } from "../../kafka/partition-batches.ts";
import { recordKey } from "../../kafka/record-key.ts";
import type { NamedSource } from "./dead-letter-topic.ts";
import { identityOf, type Letter, placeOf } from "./letter.ts";

/** The topic that remembers which letters were replayed: one compacted record a letter, for ever. */
export function marksTopicName(deadLetterTopic: string): string {
  return `${deadLetterTopic}.replayed`;
}

/** Identities of the letters that were replayed, as far as transactions have ended. */
export async function readMarks(cluster: Cluster, { name, ...source }: NamedSource): Promise<Set<string>> {
  const marks = new Set<string>();
  const topic = await cluster.topic(name);
  if (topic === undefined) return marks;
  const starts = await cluster.offsets(topic, "earliest");
  for (const [partition, to] of await cluster.offsets(topic, "lastStable")) {
    const stretch = { partition, from: starts.get(partition)!, to };
    const batches = partitionBatches({ ...source, topic }, stretch, (_, { bytes, recordStart }, row) =>
      recordKey(bytes, recordStart[row]!),
    );
    for await (const keys of batches) {
      for (const key of keys) if (key !== null) marks.add(Buffer.from(key).toString());
    }
  }
  return marks;
}

/** The topic of marks, created when it is absent. Compacted: retention must not drop a mark before its letter. */
export function ensureMarksTopic(cluster: Cluster, name: string): Promise<TopicDescription> {
  return cluster.ensureTopic(name, { partitions: 1, configs: { "cleanup.policy": "compact" } });
}

/** The record that says that a letter was replayed: its key is what `readMarks` finds, its value is for people. */
export function markOf(letter: Letter, sentAtMs: number): { key: Buffer; value: Buffer } {
  const { reason, origin, attempt } = letter;
  const sentAt = new Date(sentAtMs).toISOString();
  const value = JSON.stringify({ event: placeOf(origin), reason, attempt: attempt + 1, sent_at: sentAt });
  return { key: Buffer.from(identityOf(letter)), value: Buffer.from(value) };
}
