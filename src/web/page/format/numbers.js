/** Numbers for people. "–" is what is not known. */

export const UNKNOWN = "–";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const twoDigits = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const threeDigits = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 });

/** 12345 → "12,345". @param {number | null | undefined} value */
export function formatCount(value) {
  return value == null ? UNKNOWN : whole.format(value);
}

/** 12345 → "12.35K", for axes. @param {number | null | undefined} value */
export function formatShort(value) {
  return value == null ? UNKNOWN : short.format(value);
}

/** 2.345 → "2.3". @param {number | null | undefined} value */
export function formatMean(value) {
  return value == null || !Number.isFinite(value) ? UNKNOWN : oneDigit.format(value);
}

/** A measure as it is: up to three decimals. @param {number} value */
export function formatExact(value) {
  return threeDigits.format(value);
}

/** 0.5123 → "51.2 %"; what is not quite nothing or all does not look like it. @param {number | null | undefined} share */
export function formatShare(share) {
  if (share == null || !Number.isFinite(share)) return UNKNOWN;
  if (share > 0 && share < 0.00005) return "< 0.01 %";
  if (share > 0.99995 && share < 1) return "> 99.99 %";
  const isNearEdge = (share > 0 && share < 0.001) || (share >= 0.9995 && share < 1);
  return `${(isNearEdge ? twoDigits : oneDigit).format(share * 100)} %`;
}

/** A difference of shares, in percentage points: "+1.3", "−0.4", "±0.0". @param {number | null} difference */
export function formatPoints(difference) {
  if (difference === null) return UNKNOWN;
  const points = oneDigit.format(Math.abs(difference) * 100);
  if (points === "0.0") return "±0.0";
  return difference < 0 ? `−${points}` : `+${points}`;
}

/** @param {number | null | undefined} bytes */
export function formatBytes(bytes) {
  if (bytes == null) return UNKNOWN;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? whole.format(value) : oneDigit.format(value)} ${units[power]}`;
}

/** "1 window", "3 windows". @param {number} value @param {string} noun */
export function counted(value, noun) {
  return `${formatCount(value)} ${noun}${value === 1 ? "" : "s"}`;
}
