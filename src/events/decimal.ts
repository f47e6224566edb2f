/**
 * The numbers of events, exactly: decimals of at most 12 digits before and 6 behind the point. Their canonical text has
 * no exponent, no zeros that say nothing, and no minus before zero, so that equal numbers have equal texts.
 */
const MAX_WHOLE_DIGITS = 12;
const PLACES = 6;
const OUT_OF_RANGE_MICROS = 10n ** BigInt(MAX_WHOLE_DIGITS + PLACES);

const DOT = 0x2e;
const MINUS = 0x2d;

/**
 * Canonical text of the number that a JSON token writes, taken as written (not as a double) and rounded half away from
 * zero to six places; undefined when its magnitude is then 10¹² or more, or it is no number.
 */
export function decimalText(token: string): string | undefined {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token);
  if (match === null) return undefined;
  const [, minus = "", whole = "", fraction = "", exponent = "0"] = match;
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return "0";
  // The number is 0.<digits> × 10^point, and the first digit is not 0.
  const point = digits.length - fraction.length + Number(exponent);
  if (point > MAX_WHOLE_DIGITS) return undefined;
  if (point < -PLACES) return "0"; // below half of the last place
  const kept = Math.max(0, point + PLACES);
  const roundsUp = digits.charAt(kept) >= "5";
  const micros = BigInt(digits.slice(0, kept).padEnd(kept, "0")) + (roundsUp ? 1n : 0n);
  return micros >= OUT_OF_RANGE_MICROS ? undefined : microsText(minus === "" ? micros : -micros);
}

/** Canonical text of a number of millionths, of any magnitude. */
export function microsText(micros: bigint): string {
  const digits = (micros < 0n ? -micros : micros).toString().padStart(PLACES + 1, "0");
  const fraction = digits.slice(-PLACES).replace(/0+$/, "");
  return `${micros < 0n ? "-" : ""}${digits.slice(0, -PLACES)}${fraction === "" ? "" : `.${fraction}`}`;
}

/** The millionths of a canonical text. */
export function microsOf(text: string): bigint {
  const [whole = "", fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(PLACES, "0"));
}

/** Hot when windows close. The millionths of the canonical text `bytes[start, start + length)`; exact while safe. */
export function approximateMicros(bytes: Uint8Array, start: number, length: number): number {
  const end = start + length;
  const isNegative = bytes[start] === MINUS;
  let magnitude = 0;
  let places = -1;
  for (let position = isNegative ? start + 1 : start; position < end; position++) {
    const byte = bytes[position]!;
    if (byte === DOT) places = 0;
    else {
      magnitude = magnitude * 10 + (byte - 0x30);
      if (places >= 0) places++;
    }
  }
  for (let place = Math.max(places, 0); place < PLACES; place++) magnitude *= 10;
  return isNegative ? -magnitude : magnitude;
}
