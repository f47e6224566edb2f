import type { KeyField } from "./event.ts";
import type { DeadReason } from "./reasons.ts";

/** Accepted events of one record batch, in columns, in offset order; reused from batch to batch. */
export interface EventColumns {
  count: number;
  /** Index of the event's record in the batch's `RecordColumns`. */
  row: Int32Array;
  /** Event time, whole ms since the epoch. */
  timeMs: Float64Array;
  /** Dictionary ids of the fields that the scanner was compiled for; other fields are absent. */
  ids: Partial<Record<KeyField, Int32Array>>;
}

/** Rejected events of one record batch, in offset order; reused from batch to batch. */
export interface RejectedRows {
  count: number;
  row: Int32Array;
  reason: DeadReason[];
}
