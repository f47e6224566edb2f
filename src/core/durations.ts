import { UsageError } from "./errors.ts";

type Unit =
  | "ms"
  | "s"
  | "m"
  | "min"
  | "h"
  | "d"
  | `${"millisecond" | "second" | "minute" | "hour" | "day"}${"" | "s"}`;

/** A duration as `parseDuration` reads it: `5 minutes`, `30s`, `250ms`. */
export type DurationText = `${number}${"" | " "}${Unit}`;

const UNIT_MS: Record<string, number> = {
  ms: 1,
  millisecond: 1,
  s: 1_000,
  second: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
};

/**
 * Milliseconds of a duration such as `5 minutes`, `30s`, `1.5h` or `250ms`.
 * @throws UsageError naming the setting when the text is not a duration of whole milliseconds.
 */
export function parseDuration(text: string, setting: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(text);
  const unit = match?.[2]?.toLowerCase() ?? "";
  const unitMs = UNIT_MS[unit] ?? UNIT_MS[unit.replace(/s$/, "")]; // "ms" is whole before "minutes" loses its s
  const durationMs = Number(match?.[1]) * (unitMs ?? Number.NaN);
  if (!Number.isInteger(durationMs)) {
    throw new UsageError(
      `${setting} is not a duration: ${JSON.stringify(text)}.`,
      'Write a number and a unit, such as "5 minutes", "30s" or "250ms".',
    );
  }
  return durationMs;
}

/** A duration in its largest whole unit: `300000` is `5m`. The inverse of `parseDuration`. */
export function formatDuration(durationMs: number): string {
  for (const [unit, unitMs] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
  ] as const) {
    if (durationMs !== 0 && durationMs % unitMs === 0) return `${durationMs / unitMs}${unit}`;
  }
  return `${durationMs}ms`;
}
