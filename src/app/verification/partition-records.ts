import type { Clock } from "../../core/clock.ts";
import type { ClickstreamError } from "../../core/errors.ts";
import type { RecordColumns } from "../../events/records.ts";
import type { TopicDescription } from "../../kafka/cluster.ts";
import type { KafkaOptions } from "../../kafka/options.ts";
import { TopicReader } from "../../kafka/topic-reader.ts";
import type { LogRecord } from "../../oracle/oracle.ts";
import type { ReadPartition } from "./verify-output.ts";

/** Fetching pauses at that many batches not yet asked for: partitions that are ahead wait for the others. */
const WAITING_BATCHES = 8;

/** Reads partitions of a topic as batches of records that stay valid, each partition by a reader of its own. */
export function partitionReader(kafka: KafkaOptions, clock: Clock, topic: TopicDescription): ReadPartition {
  return async function* readPartition(partition, from, to) {
    if (from >= to) return;
    const waiting: LogRecord[][] = [];
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
          if (records !== null) waiting.push(copyRecords(partition, records, from, to));
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
    try {
      for (;;) {
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
      await reader.close();
    }
  };
}

function copyRecords(partition: number, records: RecordColumns, from: number, to: number): LogRecord[] {
  const copies: LogRecord[] = [];
  for (let row = 0; row < records.count; row++) {
    const offset = records.offset[row]!;
    if (offset < from || offset >= to) continue;
    const start = records.valueStart[row]!;
    const value = start < 0 ? null : Buffer.from(records.bytes.subarray(start, records.valueEnd[row]!));
    copies.push({ partition, offset, timestampMs: records.timestampMs[row]!, value });
  }
  return copies;
}
