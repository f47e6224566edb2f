/** The last event time that counts: 9999-12-31T23:59:59.999Z, ms since the epoch. The first is 0. */
export const MAX_TIME_MS = 253_402_300_799_999;

const MINUTE_MS = 60_000;
/** The offsets that `java.time` knows; anything beyond is refused by both engines. */
const MAX_OFFSET_MINUTES = 18 * 60;
const DAYS_PER_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const DASH = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const COLON = 0x3a;

/** A byte with the bit for lower case set: makes `T` and `t`, `Z` and `z` alike. */
const LOWER_CASE = 0x20;
const LOWER_T = 0x74;
const LOWER_Z = 0x7a;

/**
 * Event time of `YYYY-MM-DD[Tt]hh:mm:ss[.1–9 digits](Z|z|±hh:mm)` in `bytes[start, end)`, ms since the epoch; digits
 * past the milliseconds are cut. NaN for every other text and for times outside 1970–9999.
 */
export function parseTimestamp(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 20) return Number.NaN;
  return timeWithin(minuteMs(bytes, start) + restOfMinuteMs(bytes, start + 16, end));
}

/** The time itself when it lies in 1970–9999, else NaN. */
export function timeWithin(timeMs: number): number {
  return timeMs >= 0 && timeMs <= MAX_TIME_MS ? timeMs : Number.NaN;
}

/** Start of the minute `YYYY-MM-DD[Tt]hh:mm` at `bytes[start, start + 16)`, as if in UTC; NaN when it isn't one. */
export function minuteMs(bytes: Uint8Array, start: number): number {
  const year = twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2);
  const month = twoDigits(bytes, start + 5);
  const day = twoDigits(bytes, start + 8);
  const hour = twoDigits(bytes, start + 11);
  const minute = twoDigits(bytes, start + 14);
  const punctuated =
    bytes[start + 4] === DASH &&
    bytes[start + 7] === DASH &&
    (bytes[start + 10]! | LOWER_CASE) === LOWER_T &&
    bytes[start + 13] === COLON;
  if (!punctuated || !(hour <= 23) || !(minute <= 59)) return Number.NaN;
  if (!(day >= 1) || !(day <= daysIn(year, month))) return Number.NaN;
  // Earlier years are out of range whatever the offset, and Date.UTC reads 0–99 as 1900–1999.
  if (!(year >= 1969)) return Number.NaN;
  return Date.UTC(year, month - 1, day, hour, minute);
}

/**
 * What `:ss[.1–9 digits](Z|z|±hh:mm)` in `bytes[start, end)` adds to the start of its minute, ms; NaN when it isn't
 * that text.
 */
export function restOfMinuteMs(bytes: Uint8Array, start: number, end: number): number {
  const second = twoDigits(bytes, start + 1);
  if (bytes[start] !== COLON || !(second <= 59)) return Number.NaN;
  let position = start + 3;
  let fractionMs = 0;
  if (bytes[position] === DOT) {
    const firstDigit = ++position;
    let placeMs = 100;
    while (position < end && isDigit(bytes[position]!)) {
      if (position < firstDigit + 3) fractionMs += (bytes[position]! - 0x30) * placeMs;
      placeMs /= 10;
      position++;
    }
    if (position === firstDigit || position > firstDigit + 9) return Number.NaN;
  }
  return second * 1_000 + fractionMs - offsetMs(bytes, position, end);
}

/** Distance from UTC of `Z`, `z` or `±hh:mm` in `bytes[start, end)`, ms; NaN when it isn't that text. */
function offsetMs(bytes: Uint8Array, start: number, end: number): number {
  const sign = bytes[start]!;
  if (end - start === 1) return (sign | LOWER_CASE) === LOWER_Z ? 0 : Number.NaN;
  if (end - start !== 6 || (sign !== PLUS && sign !== DASH) || bytes[start + 3] !== COLON) return Number.NaN;
  const minutes = twoDigits(bytes, start + 4);
  const total = twoDigits(bytes, start + 1) * 60 + minutes;
  if (!(minutes <= 59) || !(total <= MAX_OFFSET_MINUTES)) return Number.NaN;
  return (sign === DASH ? -total : total) * MINUTE_MS;
}

/** The number of days of a month 1–12; NaN for other months. */
function daysIn(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  if (month === 2 && leap) return 29;
  return DAYS_PER_MONTH[month - 1] ?? Number.NaN;
}

/** The number that two ASCII digits write; NaN when either is not a digit. */
function twoDigits(bytes: Uint8Array, start: number): number {
  const tens = bytes[start]!;
  const ones = bytes[start + 1]!;
  return isDigit(tens) && isDigit(ones) ? (tens - 0x30) * 10 + (ones - 0x30) : Number.NaN;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/**
 * Event time that a JSON number token writes, ms since the epoch: `1.7e12` counts. NaN when the number is not
 * mathematically an integer (`1700000000000.0000000000001` is not, though it parses to one) or is outside 1970–9999.
 */
export function integralTimeMs(token: string): number {
  const [, whole = "", fraction = "", exponent = "0"] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token) ?? [];
  const digits = whole + fraction;
  let significant = digits.length;
  while (significant > 0 && digits[significant - 1] === "0") significant--;
  if (significant === 0) return digits === "" ? Number.NaN : 0;
  const lowestPlace = Number(exponent) - fraction.length + (digits.length - significant);
  return lowestPlace < 0 ? Number.NaN : timeWithin(Number(token));
}
