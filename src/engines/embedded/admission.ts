import type { EventColumns } from "../../events/columns.ts";
import type { RecordColumns } from "../../events/records.ts";
import type { PartitionState } from "./partition-state.ts";
import type { SlotIds } from "./slot-ids.ts";

/** A slot number for an event that no window counts because it came too late. */
export const SLOT_LATE = -1;
/** A slot number for an event that is ahead of its record's timestamp. */
export const SLOT_FUTURE = -2;
/** A slot number for an event whose record has no timestamp: nothing says whether it is ahead. */
export const SLOT_TIMELESS = -3;

/**
 * Hot: gives every event of a batch its slot, in offset order, moving the partition's watermark along.
 * About 10 ns an event: three comparisons, one division, one cache hit.
 */
export function admitEvents(
  events: EventColumns,
  records: RecordColumns,
  partition: PartitionState,
  slotIds: SlotIds,
  maxAheadMs: number,
  slots: Int32Array,
): void {
  const { count, row, timeMs } = events;
  const { timestampMs } = records;
  let { greatestMs, watermarkMs } = partition;
  for (let i = 0; i < count; i++) {
    const eventMs = timeMs[i] as number;
    const recordMs = timestampMs[row[i] as number] as number;
    if (eventMs > recordMs + maxAheadMs || recordMs < 0) {
      slots[i] = recordMs < 0 ? SLOT_TIMELESS : SLOT_FUTURE;
      continue;
    }
    if (eventMs > greatestMs) {
      greatestMs = eventMs;
      partition.advanceTo(eventMs);
      watermarkMs = partition.watermarkMs;
    }
    slots[i] = slotIds.of(eventMs, watermarkMs);
  }
}
