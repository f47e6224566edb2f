import { systemClock } from "../../src/core/clock.ts";
import { letterHeaders } from "../../src/engines/embedded/dead-letter-headers.ts";
import type { DeadLetter } from "../../src/engines/embedded/flush.ts";
import type { TopicDescription } from "../../src/kafka/cluster.ts";
import { Producer } from "../../src/kafka/producer.ts";

/** Appends values, or letters with their headers, to the partitions of a topic in turn. */
export async function append(
  brokers: readonly string[],
  topic: TopicDescription,
  values: readonly (string | DeadLetter)[],
): Promise<void> {
  const kafka = { brokers, clientId: "test" };
  const producer = await Producer.open({ kafka, topic, clock: systemClock, codec: "none" });
  for (const [n, entry] of values.entries()) {
    const value = typeof entry === "string" ? Buffer.from(entry) : entry.value;
    const source = { name: topic.name.replace(/\.dlq$/, ""), id: "source-id" };
    const headers = typeof entry === "string" ? [] : letterHeaders(entry, source, false);
    const key = Buffer.from(`key ${n}`);
    await producer.ready();
    producer.append(
      ...([
        n % topic.partitions.length,
        Date.now(),
        key,
        0,
        key.length,
        value,
        0,
        value?.length ?? 0,
        headers,
      ] as const),
    );
  }
  await producer.flush();
  await producer.close();
}

/** Letters of made-up events whose values are their numbers. */
export function letters(count: number): DeadLetter[] {
  return Array.from({ length: count }, (_, n) => ({
    ...{ partition: n % 3, offset: n, reason: n % 2 === 0 ? "not_json" : "not_an_object", timestampMs: 0 },
    ...{ key: null, value: Buffer.from(`${n}`), headers: [] },
  }));
}
