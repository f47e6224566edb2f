import type { WindowLengths } from "../queries/plan.ts";

/** What `firstOpenEnd` answers for an event that no window can count any more. */
export const LATE = -1;

/** Start of the slide-long pane that holds an event time, both in ms since the epoch. */
export function paneStart(timeMs: number, slideMs: number): number {
  return Math.floor(timeMs / slideMs) * slideMs;
}

/**
 * End of the first window that still counts an event of this pane: the least window end over the watermark. An event
 * counts in every window from that end up to `paneStartMs + sizeMs`. `LATE` when there is none.
 */
export function firstOpenEnd(paneStartMs: number, watermarkMs: number, windows: WindowLengths): number {
  const { slideMs, sizeMs } = windows;
  const earliestEndMs = paneStartMs + slideMs;
  if (watermarkMs < earliestEndMs) return earliestEndMs;
  const firstMs = paneStart(watermarkMs, slideMs) + slideMs;
  return firstMs <= paneStartMs + sizeMs ? firstMs : LATE;
}
