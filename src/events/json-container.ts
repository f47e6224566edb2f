import { REFUSED_NAME_LENGTH } from "./json-limits.ts";
import { strictScalarEnd } from "./json-scalar.ts";
import { QUOTE, textEnd } from "./json-text.ts";
import { skipSpace } from "./json-tokens.ts";

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const SPACE = 0x20;
const ZERO = 0x30;
/** Digits of numbers that need no further look. */
const MAX_SHORT_NUMBER = 20;
/** A bit each; deeper ones are left to slower code. */
const MAX_DEPTH = 31;

/**
 * Hot for events with nested extra members: one past the object or array that starts at `start`, before `end`; −1 when it
 * is not surely valid JSON within the limits of `exceedsJsonLimits`. Some 2 ns a byte; nothing is allocated.
 */
export function containerEnd(view: DataView, bytes: Uint8Array, start: number, end: number): number {
  let position = start;
  let depth = 0;
  // The lowest bit tells what the innermost container is: 1 for an object.
  let kinds = 0;
  for (;;) {
    // Here a value starts.
    position = tokenStart(bytes, position);
    const first = bytes[position]!;
    if (first === OPEN_OBJECT || first === OPEN_ARRAY) {
      if (++depth > MAX_DEPTH) return -1;
      const isObject = first === OPEN_OBJECT;
      kinds = (kinds << 1) | (isObject ? 1 : 0);
      position = tokenStart(bytes, position + 1);
      const isEmpty = bytes[position] === (isObject ? CLOSE_OBJECT : CLOSE_ARRAY);
      if (!isEmpty) {
        if (isObject) position = memberValueStart(view, bytes, position, end);
        if (position < 0) return -1;
        continue;
      }
    } else if (depth === 0) {
      return -1;
    } else if (first === QUOTE) {
      position = textEnd(view, bytes, position + 1, end, true) + 1;
      if (position === 0) return -1;
    } else {
      position = scalarEnd(bytes, position, end);
      if (position < 0) return -1;
    }
    // And here it has ended, or an empty container is about to.
    for (;;) {
      position = tokenStart(bytes, position);
      if (position >= end) return -1;
      const isObject = (kinds & 1) === 1;
      const next = bytes[position++];
      if (next === (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) {
        if (--depth === 0) return position;
        kinds >>>= 1;
        continue;
      }
      if (next !== COMMA) return -1;
      if (isObject) position = memberValueStart(view, bytes, tokenStart(bytes, position), end);
      if (position < 0) return -1;
      break;
    }
  }
}

/** One past the colon of the member whose name starts at `start`; −1 when there is none. */
function memberValueStart(view: DataView, bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] !== QUOTE) return -1;
  const close = textEnd(view, bytes, start + 1, end, true);
  if (close < 0 || close - start > REFUSED_NAME_LENGTH) return -1;
  const colon = tokenStart(bytes, close + 1);
  return bytes[colon] === COLON ? colon + 1 : -1;
}

/** Compact JSON has no space: nearly always there is none to skip. */
function tokenStart(bytes: Uint8Array, position: number): number {
  return bytes[position]! > SPACE ? position : skipSpace(bytes, position);
}

/** As `strictScalarEnd`, with a short cut for small whole numbers, which nearly all are. */
function scalarEnd(bytes: Uint8Array, start: number, end: number): number {
  let position = start;
  while (isDigit(bytes[position]!)) position++;
  const next = bytes[position];
  const isWhole = next === COMMA || next === CLOSE_OBJECT || next === CLOSE_ARRAY;
  const isShort = position > start && position - start < MAX_SHORT_NUMBER && position < end;
  if (isWhole && isShort && (bytes[start] !== ZERO || position === start + 1)) return position;
  return strictScalarEnd(bytes, start, end);
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
