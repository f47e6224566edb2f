import type { WindowLengths } from "../queries/plan.ts";
import { type Day, dayEndMs, dayOf, dayStartMs } from "../sinks/archive-path.ts";

/** Whether every window that starts on a day ends at or before `confirmedThroughMs`. */
export function isFinal(day: Day, { sizeMs, slideMs }: WindowLengths, confirmedThroughMs: number): boolean {
  const lastStartMs = Math.floor((dayEndMs(day) - 1) / slideMs) * slideMs;
  return lastStartMs + sizeMs <= confirmedThroughMs;
}

/** The first day to keep: `keepMs` (whole days) before the day on which the newest closed window starts. */
export function firstDayKept(
  { sizeMs, slideMs }: WindowLengths,
  confirmedThroughMs: number,
  keepMs: number,
): Day {
  const newestStartMs = Math.floor(confirmedThroughMs / slideMs) * slideMs - sizeMs;
  return dayOf(dayStartMs(dayOf(newestStartMs)) - keepMs);
}
