import type { Clock } from "../core/clock.ts";
import type { ClickstreamError } from "../core/errors.ts";
import type { RecordColumns } from "../events/records.ts";
import type { TopicDescription } from "./cluster.ts";
import type { KafkaOptions } from "./options.ts";
import { TopicReader } from "./topic-reader.ts";

/** Fetching pauses at that many batches not yet asked for: partitions that are ahead wait for the others. */
const WAITING_BATCHES = 8;

/** Makes a value that stays valid of one row of columns that do not. */
export type CopyRecord<T> = (partition: number, records: RecordColumns, row: number) => T;

/** A topic, and when to read no further. */
export interface BatchSource {
  kafka: KafkaOptions;
  clock: Clock;
  topic: TopicDescription;
  /** Reading ends with its reason, also while no broker answers. */
  signal?: AbortSignal | undefined;
}

/**
 * Copies of the committed records of a partition with offsets in [from, to), batch by batch, by a reader of its own.
 * @throws ClickstreamError as `TopicReader`
 */
export async function* partitionBatches<T>(
  { kafka, clock, topic, signal }: BatchSource,
  { partition, from, to }: { partition: number; from: number; to: number },
  copy: CopyRecord<T>,
): AsyncGenerator<T[]> {
  if (from >= to) return;
  const waiting: T[][] = [];
  let position = from;
  let failure: ClickstreamError | undefined;
  let changed = Promise.withResolvers<void>();
  const reader = await TopicReader.open({
    kafka,
    clock,
    topic,
    assignments: [{ partition, offset: from, endOffset: to }],
    handler: {
      batch(_, records, nextOffset) {
        if (records !== null) {
          waiting.push(Array.from({ length: records.count }, (_, row) => copy(partition, records, row)));
        }
        position = nextOffset;
        if (waiting.length >= WAITING_BATCHES) reader.pause();
        changed.resolve();
      },
      caughtUp(_, info) {
        position = Math.max(position, info.position);
        changed.resolve();
      },
      ends() {},
      failed(error) {
        failure = error;
        changed.resolve();
      },
    },
  });
  const stop = (): void => changed.resolve();
  signal?.addEventListener("abort", stop);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const batch = waiting.shift();
      if (batch !== undefined) {
        yield batch;
      } else if (failure !== undefined) {
        throw failure;
      } else if (position >= to) {
        return;
      } else {
        reader.resume();
        await changed.promise;
        changed = Promise.withResolvers<void>();
      }
    }
  } finally {
    signal?.removeEventListener("abort", stop);
    await reader.close();
  }
}
