import { closesContainer, opensContainer, scalarEnd, skipSpace, stringEnd } from "./json-tokens.ts";

/** Nested objects and arrays, the outermost included, from which on a value is refused. */
export const REFUSED_NESTING = 998;
/** Characters of a number, sign and exponent included, from which on a value is refused. */
export const REFUSED_NUMBER_LENGTH = 1_000;
/** UTF-16 code units of a decoded member name from which on a value is refused. */
export const REFUSED_NAME_LENGTH = 50_000;

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LOWER_U = 0x75;
const MINUS = 0x2d;

/**
 * Whether a valid JSON text is more than Spark's parser takes, so that both engines reach one verdict. `json` must be
 * valid UTF-8 and valid JSON.
 */
export function exceedsJsonLimits(json: Uint8Array): boolean {
  // Every limit needs at least that many bytes, which a common event doesn't have.
  if (json.length < REFUSED_NESTING) return false;
  let depth = 0;
  let position = 0;
  while (position < json.length) {
    const byte = json[position]!;
    if (byte === QUOTE) {
      const end = stringEnd(json, position);
      if (isLongName(json, position, end)) return true;
      position = end;
    } else if (byte === MINUS || (byte >= 0x30 && byte <= 0x39)) {
      const end = scalarEnd(json, position);
      if (end - position >= REFUSED_NUMBER_LENGTH) return true;
      position = end;
    } else {
      if (opensContainer(byte) && ++depth >= REFUSED_NESTING) return true;
      if (closesContainer(byte)) depth--;
      position++;
    }
  }
  return false;
}

function isLongName(json: Uint8Array, start: number, end: number): boolean {
  return (
    end - start - 2 >= REFUSED_NAME_LENGTH &&
    json[skipSpace(json, end)] === COLON &&
    decodedLength(json, start + 1, end - 1) >= REFUSED_NAME_LENGTH
  );
}

/** UTF-16 code units of the string whose undecoded bytes are `json[start, end)`. */
function decodedLength(json: Uint8Array, start: number, end: number): number {
  let units = 0;
  let position = start;
  while (position < end) {
    const byte = json[position]!;
    if (byte === BACKSLASH) position += json[position + 1] === LOWER_U ? 6 : 2;
    else position += byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}
