import { crc32 } from "node:zlib";

/** Words before an id's text in memory: its length in bytes, and the number of its ending. */
export const HEADER_WORDS = 2;

/** Version of the encoding; a change of the bytes needs a new one, and a reader for the old. */
const IDS_FORMAT = 1;
/** The format and the number of ids. */
const HEAD_WORDS = 2;

/** Ids that have one ending, on their way to bytes. */
interface Writing {
  words: Int32Array<ArrayBuffer>;
  end: number;
  ids: number;
}

/** An id's length in bytes, and its text in whole words, padded with zeros. */
export interface DecodedId {
  words: Int32Array;
  start: number;
  length: number;
}

/** Words that a text of so many bytes takes. */
export const wordsOf = (length: number): number => (length + 3) >> 2;

/**
 * The ids in `words[from, to)`, each with a header, by their endings, as words of 32 bits: format | number of ids | length
 * and text of each | CRC-32. In memory of their own, so that a thread can give the bytes away. Some 20 ns an id.
 */
export function encodeIds(
  words: Int32Array,
  from: number,
  to: number,
): { ending: number; bytes: Uint8Array }[] {
  const sizes: number[] = [];
  for (let at = from; at < to; at += HEADER_WORDS + wordsOf(words[at] as number)) {
    const ending = words[at + 1] as number;
    sizes[ending] = (sizes[ending] ?? 0) + 1 + wordsOf(words[at] as number);
  }
  const writings = sizes.map((size) => ({
    words: new Int32Array(HEAD_WORDS + size + 1),
    end: HEAD_WORDS,
    ids: 0,
  }));
  for (let at = from; at < to; at += HEADER_WORDS + wordsOf(words[at] as number)) {
    const writing = writings[words[at + 1] as number] as Writing;
    const count = wordsOf(words[at] as number);
    writing.words[writing.end++] = words[at] as number;
    for (let i = 0; i < count; i++) writing.words[writing.end++] = words[at + HEADER_WORDS + i] as number;
    writing.ids++;
  }
  // Endings that have no ids are holes in these arrays, which are passed over.
  const encoded: { ending: number; bytes: Uint8Array }[] = [];
  writings.forEach((writing, ending) => {
    encoded.push({ ending, bytes: sealed(writing) });
  });
  return encoded;
}

/** Whether the bytes are ids as they were written, by their checksum. */
function isIntactIds(bytes: Uint8Array): boolean {
  const end = bytes.length - 4;
  if (end < HEAD_WORDS * 4 || bytes.length % 4 !== 0 || bytes[0] !== IDS_FORMAT) return false;
  return crc32(bytes.subarray(0, end)) === new DataView(bytes.buffer, bytes.byteOffset).getUint32(end, true);
}

/** How many they are. @throws Error when the bytes are damaged */
export function countIds(bytes: Uint8Array): number {
  if (!isIntactIds(bytes)) throw new Error("event ids are damaged");
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
}

/** @throws Error when the bytes are damaged */
export function* decodeIds(bytes: Uint8Array): Generator<DecodedId> {
  const count = countIds(bytes);
  const words = new Int32Array(Uint8Array.from(bytes).buffer);
  let at = HEAD_WORDS;
  for (let i = 0; i < count; i++) {
    const length = words[at] as number;
    yield { words, start: at + 1, length };
    at += 1 + wordsOf(length);
  }
}

function sealed({ words, end, ids }: Writing): Uint8Array {
  words[0] = IDS_FORMAT;
  words[1] = ids;
  const bytes = new Uint8Array(words.buffer);
  words[end] = crc32(bytes.subarray(0, end * 4));
  return bytes;
}
