import type { EventColumns } from "../../events/columns.ts";
import type { RecordColumns } from "../../events/records.ts";
import type { PartitionState } from "./partition-state.ts";

/** In place of a watermark, for an event that is ahead of its record's timestamp: no window ends after it. */
export const FUTURE = Number.POSITIVE_INFINITY;
/** In place of a watermark, for an event whose record has no timestamp: nothing says whether it is ahead. */
export const TIMELESS = Number.NaN;

/** In place of a watermark, for an event that counted before: no window ends after it. */
export const DUPLICATE = Number.MAX_VALUE;

/**
 * Hot: gives every event of a batch the watermark that it meets, in offset order, moving the partition's along. About
 * 5 ns an event: two comparisons.
 */
export function admitEvents(
  events: EventColumns,
  records: RecordColumns,
  partition: PartitionState,
  maxAheadMs: number,
  watermarksMs: Float64Array,
): void {
  const { count, row, timeMs } = events;
  const { timestampMs } = records;
  let { greatestMs, watermarkMs } = partition;
  for (let i = 0; i < count; i++) {
    const eventMs = timeMs[i] as number;
    const recordMs = timestampMs[row[i] as number] as number;
    if (eventMs > recordMs + maxAheadMs || recordMs < 0) {
      watermarksMs[i] = recordMs < 0 ? TIMELESS : FUTURE;
      continue;
    }
    if (eventMs > greatestMs) {
      greatestMs = eventMs;
      partition.advanceTo(eventMs);
      watermarkMs = partition.watermarkMs;
    }
    watermarksMs[i] = watermarkMs;
  }
}
