import type { RecordColumns } from "../../events/records.ts";
import { type BatchSource, partitionBatches } from "../../kafka/partition-batches.ts";
import type { LogRecord } from "../../oracle/oracle.ts";
import type { ReadPartition } from "./recompute.ts";

/** Reads partitions of a topic as batches of records that stay valid, each partition by a reader of its own. */
export function partitionReader(source: BatchSource): ReadPartition {
  return (partition, from, to) => partitionBatches(source, { partition, from, to }, copyRecord);
}

function copyRecord(partition: number, records: RecordColumns, row: number): LogRecord {
  const { bytes, offset, timestampMs, valueStart, valueEnd } = records;
  const start = valueStart[row]!;
  const value = start < 0 ? null : Buffer.from(bytes.subarray(start, valueEnd[row]!));
  return { partition, offset: offset[row]!, timestampMs: timestampMs[row]!, value };
}
