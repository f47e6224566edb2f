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

/** Empty columns for events of these fields; the scanner makes them longer when a batch needs it. */
export function createEventColumns(fields: readonly KeyField[], capacity: number): EventColumns {
  const ids: EventColumns["ids"] = {};
  for (const field of fields) ids[field] = new Int32Array(capacity);
  return { count: 0, row: new Int32Array(capacity), timeMs: new Float64Array(capacity), ids };
}

/** No rejected rows, with room for some; the scanner makes more when a batch needs it. */
export function createRejectedRows(capacity: number): RejectedRows {
  return { count: 0, row: new Int32Array(capacity), reason: [] };
}

/** Makes room for `capacity` events in all, keeping those that are there. Arrays are replaced when they grow. */
export function ensureEventCapacity(events: EventColumns, capacity: number): void {
  if (capacity <= events.row.length) return;
  const grown = Math.max(capacity, events.row.length * 2);
  events.row = copyInto(new Int32Array(grown), events.row);
  events.timeMs = copyInto(new Float64Array(grown), events.timeMs);
  for (const [field, ids] of Object.entries(events.ids) as [KeyField, Int32Array][]) {
    events.ids[field] = copyInto(new Int32Array(grown), ids);
  }
}

/** Appends a rejected row. */
export function reject(rejected: RejectedRows, row: number, reason: DeadReason): void {
  const index = rejected.count++;
  if (index >= rejected.row.length) {
    rejected.row = copyInto(new Int32Array(Math.max(16, index * 2)), rejected.row);
  }
  rejected.row[index] = row;
  rejected.reason[index] = reason;
}

function copyInto<Column extends Int32Array | Float64Array>(grown: Column, column: Column): Column {
  grown.set(column);
  return grown;
}
