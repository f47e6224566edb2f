import type { EventColumns } from "../../events/columns.ts";
import type { Dictionary } from "../../events/dictionary.ts";
import type { KeyField } from "../../events/event.ts";
import type { WindowLengths } from "../../queries/plan.ts";
import { paneStart } from "../../windows/panes.ts";
import { DUPLICATE } from "./admission.ts";
import type { CountedIds } from "./counted-ids.ts";

/** By which field events are told apart. */
export const ID_FIELD = "event_id" satisfies KeyField;

/**
 * Hot: marks the duplicates of a batch. An event that some window would count is one when the partition remembers its id;
 * else its id is remembered until the watermark has passed its last window. Late events are nobody's duplicate.
 */
export function markDuplicates(
  { count, timeMs, ids }: EventColumns,
  watermarksMs: Float64Array,
  dictionary: Dictionary,
  windows: readonly WindowLengths[],
  counted: CountedIds,
): void {
  const eventIds = ids[ID_FIELD] as Int32Array;
  for (let i = 0; i < count; i++) {
    const watermarkMs = watermarksMs[i] as number;
    const untilMs = lastWindowEnd(timeMs[i] as number, windows);
    // Neither late, nor without a watermark.
    if (!(watermarkMs < untilMs)) continue;
    if (!counted.add(dictionary, eventIds[i] as number, untilMs, watermarkMs)) watermarksMs[i] = DUPLICATE;
  }
}

function lastWindowEnd(timeMs: number, windows: readonly WindowLengths[]): number {
  let endMs = 0;
  for (const { sizeMs, slideMs } of windows) endMs = Math.max(endMs, paneStart(timeMs, slideMs) + sizeMs);
  return endMs;
}
