const GROUPED = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `1234567` → `1,234,567`; `–` for what is unknown. */
export function formatCount(count: number | null): string {
  return count === null || !Number.isFinite(count) ? "–" : GROUPED.format(Math.round(count));
}

/** `executor` for one, else `executors`. */
export function plural(count: number | null, unit: string): string {
  return count === 1 ? unit : `${unit}s`;
}

/** For tight places: at most five characters, `1,234` stays, `12,345,678` → `12.3M`. */
export function formatShortCount(count: number | null): string {
  if (count === null || !Number.isFinite(count) || count < 9_999.5) return formatCount(count);
  let scaled = count;
  let unit = "";
  for (const next of ["k", "M", "G", "T", "P"]) {
    if (scaled < 999.5) break;
    scaled /= 1_000;
    unit = next;
  }
  return `${scaled < 99.95 ? scaled.toFixed(1) : GROUPED.format(scaled)}${unit}`;
}

/** A part of a whole with as many decimals as it takes to see it: `99.9 %`, `0.10 %`; 100 % only for all of it. */
export function formatShare(part: number, whole: number): string {
  if (whole <= 0) return "–";
  const percent = (part / whole) * 100;
  if (part === whole || part === 0) return `${percent} %`;
  if (percent >= 99.95) return `${(Math.floor(percent * 100) / 100).toFixed(2)} %`;
  return `${percent.toFixed(percent < 1 ? 2 : 1)} %`;
}

/** How long something took, two units at most: `0.8 ms`, `12 ms`, `4.2 s`, `2 min 05 s`, `2 h 47 min`, `3 d 04 h`. */
export function formatTook(durationMs: number | null): string {
  if (durationMs === null || !Number.isFinite(durationMs)) return "–";
  if (durationMs === 0) return "0 s";
  if (durationMs < 9.95) return `${durationMs.toFixed(1)} ms`;
  if (durationMs < 999.5) return `${Math.round(durationMs)} ms`;
  if (durationMs < 59_950) return `${(durationMs / 1_000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1_000);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.floor(minutes / 60);
  return `${formatCount(Math.floor(hours / 24))} d ${two(hours % 24)} h`;
}

/** A moment in UTC, `2026-11-23 08:05:00.123`, without the milliseconds when there are none; `–` for none. */
export function formatMoment(timeMs: number | null): string {
  if (timeMs === null) return "–";
  return new Date(timeMs)
    .toISOString()
    .replace("T", " ")
    .replace(/(\.000)?Z$/, "");
}

/** A moment in UTC, `2026-11-23 08:05`. */
export function formatMinute(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace("T", " ");
}
