import type { ClickstreamError } from "../core/errors.ts";
import type { RecordColumns } from "../events/records.ts";

/** What a `TopicReader` tells; all calls are synchronous, and none comes after `close()`. */
export interface ReaderHandler {
  /**
   * Every record batch, in offset order per partition; `records` is null when none is visible (control batches, aborted
   * transactions, compacted batches). Only records in [offset, endOffset) of the assignment are visible.
   * @param nextOffset the offset after the batch, or the end offset if that is less
   */
  batch(partition: number, records: RecordColumns | null, nextOffset: number): void;
  /**
   * A fetch brought no batch of the partition, which need not be its end: compare `position` and `highWatermark`.
   * `sentAtMs` is the monotonic time at which that fetch was sent, `position` the next offset to read.
   */
  caughtUp(partition: number, info: { sentAtMs: number; position: number; highWatermark: number }): void;
  /** With each response, before its batches: the partition's ends as of then. */
  ends(partition: number, highWatermark: number, lastStableOffset: number): void;
  /** Reading can't go on; the reader is closed. */
  failed(error: ClickstreamError): void;
}

/** Where reading of a partition stands. */
export interface PartitionProgress {
  readonly partition: number;
  /** Reading stops before this offset; Infinity for never. */
  readonly endOffset: number;
  /** The next offset to ask the broker for: everything before it has arrived. */
  fetchOffset: number;
  /** The next offset to hand to the handler. */
  position: number;
}
