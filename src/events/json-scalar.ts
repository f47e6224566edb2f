import { REFUSED_NUMBER_LENGTH } from "./json-limits.ts";

const KEYWORDS = ["true", "false", "null"].map((word) => Buffer.from(word));

const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const LOWER_E = 0x65;
/** Makes `E` and `e` alike. */
const LOWER_CASE = 0x20;

/**
 * One past the number, `true`, `false` or `null` that starts at `start`, not beyond `end`; −1 when there is none or the
 * number is too long. What follows is for the caller to check.
 */
export function strictScalarEnd(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start]!;
  if (first === MINUS || isDigit(first)) return numberEnd(bytes, start, end);
  for (const keyword of KEYWORDS) if (keyword[0] === first) return keywordEnd(bytes, start, end, keyword);
  return -1;
}

function numberEnd(bytes: Uint8Array, start: number, end: number): number {
  const whole = bytes[start] === MINUS ? start + 1 : start;
  let position = bytes[whole] === ZERO ? whole + 1 : digitsEnd(bytes, whole, end);
  if (bytes[position] === DOT) position = digitsEnd(bytes, position + 1, end);
  if (position > 0 && (bytes[position]! | LOWER_CASE) === LOWER_E) {
    const sign = bytes[position + 1];
    position = digitsEnd(bytes, position + (sign === PLUS || sign === MINUS ? 2 : 1), end);
  }
  return position <= end && position - start < REFUSED_NUMBER_LENGTH ? position : -1;
}

/** One past the digits that start at `start`; −1 when there is none. */
function digitsEnd(bytes: Uint8Array, start: number, end: number): number {
  let position = start;
  while (position < end && isDigit(bytes[position]!)) position++;
  return position > start ? position : -1;
}

function keywordEnd(bytes: Uint8Array, start: number, end: number, keyword: Uint8Array): number {
  const keywordEnd = start + keyword.length;
  if (keywordEnd > end) return -1;
  for (let i = 1; i < keyword.length; i++) if (bytes[start + i] !== keyword[i]) return -1;
  return keywordEnd;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
