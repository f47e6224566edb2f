import { systemClock } from "../../src/core/clock.ts";
import { Cluster } from "../../src/kafka/cluster.ts";
import { recordHeaders } from "../../src/kafka/record-decoding.ts";
import { recordKey } from "../../src/kafka/record-key.ts";
import { TopicReader } from "../../src/kafka/topic-reader.ts";

/** A record as a reader of committed transactions sees it. */
export interface CommittedRecord {
  partition: number;
  offset: number;
  timestampMs: number;
  key: string | null;
  value: Buffer | null;
  headers: Record<string, string>;
}

/** Every committed record of a topic, up to the last stable offsets of now; per partition in offset order. */
export async function committedRecords(
  brokers: readonly string[],
  topicName: string,
): Promise<CommittedRecord[]> {
  const found: CommittedRecord[] = [];
  await visitCommitted(brokers, topicName, (record) => found.push(record));
  return found;
}

/** Shows every committed record of a topic, as `committedRecords`. */
export async function visitCommitted(
  brokers: readonly string[],
  topicName: string,
  visit: (record: CommittedRecord) => void,
): Promise<void> {
  const kafka = { brokers, clientId: "test" };
  const cluster = await Cluster.connect(kafka);
  const topic = await cluster.topic(topicName);
  if (topic === undefined) throw new Error(`no topic ${topicName}`);
  const ends = await cluster.offsets(topic, "lastStable");
  await cluster.close();
  const unread = new Map([...ends].filter(([, end]) => end > 0));
  if (unread.size === 0) return;
  const done = Promise.withResolvers<void>();
  const reader = await TopicReader.open({
    kafka,
    clock: systemClock,
    topic,
    assignments: [...unread].map(([partition, endOffset]) => ({ partition, offset: 0, endOffset })),
    handler: {
      batch(partition, records, nextOffset) {
        for (let row = 0; row < (records?.count ?? 0); row++) {
          const { bytes, offset, timestampMs, valueStart, valueEnd, recordStart } = records!;
          const key = recordKey(bytes, recordStart[row]!);
          visit({
            partition,
            offset: offset[row]!,
            timestampMs: timestampMs[row]!,
            key: key === null ? null : Buffer.from(key).toString(),
            value:
              valueStart[row]! < 0 ? null : Buffer.from(bytes.subarray(valueStart[row]!, valueEnd[row]!)),
            headers: Object.fromEntries(
              recordHeaders(bytes, recordStart[row]!).map(({ name, value }) => [name, textOf(value)]),
            ),
          });
        }
        if (nextOffset >= (unread.get(partition) ?? 0)) unread.delete(partition);
        if (unread.size === 0) done.resolve();
      },
      caughtUp() {},
      ends() {},
      failed: done.reject,
    },
  });
  await done.promise.finally(() => reader.close());
}

const textOf = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();
