const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;

/** A member of a JSON object: its name as JSON decodes it, and where its tokens are in the bytes. */
export interface JsonMember {
  name: string;
  /** Where the value starts, and one past its end (quotes and brackets included). */
  valueStart: number;
  valueEnd: number;
}

/** Where a value is in the bytes. */
export type JsonValuePlace = Pick<JsonMember, "valueStart" | "valueEnd">;

/** The values in the object or array that is the whole of `json`, in order. `json` must be valid. */
export function containerValues(json: Uint8Array): JsonValuePlace[] {
  if (json[0] !== OPEN_ARRAY) return objectMembers(json);
  const values: JsonValuePlace[] = [];
  let position = skipSpace(json, 1);
  while (!closesContainer(json[position]!)) {
    const end = valueEnd(json, position);
    values.push({ valueStart: position, valueEnd: end });
    const next = skipSpace(json, end);
    position = json[next] === COMMA ? skipSpace(json, next + 1) : next;
  }
  return values;
}

/** The members of the object that is the whole of `json`, in order, duplicates included. `json` must be valid. */
export function objectMembers(json: Uint8Array): JsonMember[] {
  const members: JsonMember[] = [];
  let position = skipSpace(json, skipSpace(json, 0) + 1);
  while (json[position] === QUOTE) {
    const nameEnd = stringEnd(json, position);
    const name: string = JSON.parse(textOf(json, position, nameEnd));
    const colon = skipSpace(json, nameEnd);
    const valueStart = skipSpace(json, colon + 1);
    const end = valueEnd(json, valueStart);
    members.push({ name, valueStart, valueEnd: end });
    position = skipSpace(json, skipSpace(json, end) + 1);
  }
  return members;
}

/** The UTF-8 text of `bytes[start, end)`. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
}

/** One past the closing quote of the string whose opening quote is at `start`. `json` must be valid. */
export function stringEnd(json: Uint8Array, start: number): number {
  let position = start + 1;
  while (json[position] !== QUOTE) position += json[position] === BACKSLASH ? 2 : 1;
  return position + 1;
}

/** One past the number, `true`, `false` or `null` at `start`. `json` must be valid. */
export function scalarEnd(json: Uint8Array, start: number): number {
  let position = start;
  while (position < json.length && !endsScalar(json[position]!)) position++;
  return position;
}

/** The position of the first byte at or after `start` that is no JSON whitespace. */
export function skipSpace(json: Uint8Array, start: number): number {
  let position = start;
  while (isSpace(json[position])) position++;
  return position;
}

/** Whether the value that starts with this byte is an object or an array. */
export function opensContainer(byte: number): boolean {
  return byte === 0x7b || byte === 0x5b;
}

/** Whether the byte ends an object or an array. */
export function closesContainer(byte: number): boolean {
  return byte === 0x7d || byte === 0x5d;
}

function valueEnd(json: Uint8Array, start: number): number {
  if (json[start] === QUOTE) return stringEnd(json, start);
  if (!opensContainer(json[start]!)) return scalarEnd(json, start);
  let depth = 0;
  let position = start;
  do {
    const byte = json[position]!;
    if (opensContainer(byte)) depth++;
    else if (closesContainer(byte)) depth--;
    position = byte === QUOTE ? stringEnd(json, position) : position + 1;
  } while (depth > 0);
  return position;
}

function endsScalar(byte: number): boolean {
  return byte === 0x2c || closesContainer(byte) || isSpace(byte);
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
