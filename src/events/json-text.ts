import { isUtf8 } from "node:buffer";
import { isUtf8Within } from "./utf8.ts";

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
const LOWER_U = 0x75;

const SHORT_ESCAPES = new Uint8Array(256);
for (const byte of Buffer.from('"\\/bfnrt')) SHORT_ESCAPES[byte] = 1;

/** High bits of a word: set in a byte that is not ASCII. */
export const HIGH_BITS = 0x80808080;

/**
 * Non-zero when a word has a byte that can't stand for itself inside a JSON string: a quote, a backslash, a control
 * character. The lowest set bit is in the first such byte; bits above it mean nothing.
 */
export function specialBytes(word: number): number {
  const quotes = word ^ 0x22222222;
  const backslashes = word ^ 0x5c5c5c5c;
  return (
    (((quotes - 0x01010101) & ~quotes) |
      ((backslashes - 0x01010101) & ~backslashes) |
      ((word - 0x20202020) & ~word)) &
    HIGH_BITS
  );
}

/** The index 0–3 of the first byte that a non-zero `specialBytes` found. */
export function firstSpecial(special: number): number {
  return (31 - Math.clz32(special & -special)) >>> 3;
}

/**
 * Where the string content that starts at `start` has its closing quote, before `end`; −1 when it has none or is not
 * surely valid: control characters, invalid UTF-8. At least 4 bytes must be readable from `end` on.
 * @param anyEscape whether `\u` escapes are taken too, of which some are half a surrogate pair: for text that is ignored
 */
export function textEnd(
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  anyEscape: boolean,
): number {
  let highBits = 0;
  let position = start;
  while (position < end) {
    const word = view.getInt32(position, true);
    const special = specialBytes(word);
    if (special === 0) {
      highBits |= word;
      position += 4;
      continue;
    }
    const ordinary = firstSpecial(special);
    highBits |= word & ((1 << (ordinary << 3)) - 1);
    position += ordinary;
    const byte = view.getUint8(position);
    if (byte === QUOTE) {
      if (position >= end) return -1;
      return (highBits & HIGH_BITS) === 0 || isUtf8Within(bytes, start, position) ? position : -1;
    }
    if (byte !== BACKSLASH) return -1;
    if (isShortEscape(view.getUint8(position + 1))) position += 2;
    else if (anyEscape && isUnicodeEscape(bytes, position)) position += 6;
    else return -1;
  }
  return -1;
}

/** Whether a backslash and this byte are a whole escape: one of `"\/bfnrt`. */
function isShortEscape(byte: number): boolean {
  return SHORT_ESCAPES[byte] === 1;
}

/** Whether `\u` and four hexadecimal digits start here. */
function isUnicodeEscape(bytes: Uint8Array, start: number): boolean {
  if (bytes[start + 1] !== LOWER_U) return false;
  for (let position = start + 2; position < start + 6; position++)
    if (!isHexDigit(bytes[position])) return false;
  return true;
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const letter = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (letter >= 0x61 && letter <= 0x66);
}

/**
 * Where the string content that starts at `start` has its closing quote, before `end`, escapes of every kind skipped
 * unread; −1 when it has none.
 */
export function escapedTextEnd(bytes: Uint8Array, start: number, end: number): number {
  let position = start;
  while (position < end && bytes[position] !== QUOTE) position += bytes[position] === BACKSLASH ? 2 : 1;
  return position < end ? position : -1;
}

/** The string whose content is `bytes[start, end)`, undefined when it is not valid JSON or has no UTF-8 form. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string | undefined {
  const content = bytes.subarray(start, end);
  if (!isUtf8(content)) return undefined;
  try {
    const text: string = JSON.parse(`"${Buffer.from(content).toString()}"`);
    return text.isWellFormed() ? text : undefined;
  } catch {
    return undefined;
  }
}
