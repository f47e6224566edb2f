const HEX_PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Two ASCII hex digits per byte value, as a little-endian 16-bit word. */
const HEX_WORDS = Uint16Array.from(HEX_PAIRS, (pair) => pair.charCodeAt(0) | (pair.charCodeAt(1) << 8));

const DASH = 0x2d;

/** The length of a UUID's text. */
export const UUID_LENGTH = 36;

/** Sets version and variant (RFC 9562) in the second and third of a UUID's four little-endian words. */
const versioned = (word: number, version: number): number => (word & 0xff0fffff) | (version << 20);
const variant = (word: number): number => (word & ~0xc0) | 0x80;

/** Eight hex digits, the word's lowest byte first. */
const hexOf = (word: number): string =>
  HEX_PAIRS[word & 255]! +
  HEX_PAIRS[(word >>> 8) & 255]! +
  HEX_PAIRS[(word >>> 16) & 255]! +
  HEX_PAIRS[word >>> 24]!;

/** A random-looking UUID (version 4) of four random words, of which the first and last are kept whole. */
export function uuidOf(first: number, second: number, third: number, last: number): string {
  const middle = hexOf(versioned(second, 4));
  const end = hexOf(variant(third));
  return `${hexOf(first)}-${middle.slice(0, 4)}-${middle.slice(4)}-${end.slice(0, 4)}-${end.slice(4)}${hexOf(last)}`;
}

/**
 * The id of event `n` (below 2⁴⁸): a UUID of version 8, RFC 9562's own layouts, whose last twelve hex digits are n. The
 * rest is random, so ids of different seeds differ.
 */
export function eventUuid(n: number, first: number, second: number): string {
  const bytes = Buffer.alloc(UUID_LENGTH);
  writeEventUuid(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, n, first, second);
  return bytes.toString("latin1");
}

/** Hot. Writes the 36 bytes of `eventUuid(n, first, second)` at `position`. 18 table loads, 12 stores. */
export function writeEventUuid(
  view: DataView,
  position: number,
  n: number,
  first: number,
  second: number,
): void {
  const high = (n / 4294967296) | 0;
  const low = n | 0;
  view.setUint32(position, HEX_WORDS[first & 255]! | (HEX_WORDS[(first >>> 8) & 255]! << 16), true);
  view.setUint32(position + 4, HEX_WORDS[(first >>> 16) & 255]! | (HEX_WORDS[first >>> 24]! << 16), true);
  view.setUint8(position + 8, DASH);
  view.setUint32(position + 9, HEX_WORDS[second & 255]! | (HEX_WORDS[(second >>> 8) & 255]! << 16), true);
  view.setUint8(position + 13, DASH);
  view.setUint32(
    position + 14,
    HEX_WORDS[0x80 | (first & 15)]! | (HEX_WORDS[(second >>> 16) & 255]! << 16),
    true,
  );
  view.setUint8(position + 18, DASH);
  view.setUint32(
    position + 19,
    HEX_WORDS[0x80 | (second >>> 26)]! | (HEX_WORDS[(first ^ second) & 255]! << 16),
    true,
  );
  view.setUint8(position + 23, DASH);
  view.setUint32(position + 24, HEX_WORDS[(high >>> 8) & 255]! | (HEX_WORDS[high & 255]! << 16), true);
  view.setUint32(position + 28, HEX_WORDS[low >>> 24]! | (HEX_WORDS[(low >>> 16) & 255]! << 16), true);
  view.setUint32(position + 32, HEX_WORDS[(low >>> 8) & 255]! | (HEX_WORDS[low & 255]! << 16), true);
}

/** The n that an event's id carries; undefined when the generator did not make the id. */
export function eventNumber(uuid: string): number | undefined {
  const match = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-([0-9a-f]{12})$/.exec(uuid);
  return match === null ? undefined : Number.parseInt(match[1]!, 16);
}
