import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { ByteReader } from "./byte-columns.ts";

/** The first byte of what the state holds of a pane. A change of the bytes needs a new format, and a reader for the old. */
export const SLOT_FORMATS = {
  /** Events grouped in tables (`slot-codec.ts`). */
  tables: 1,
  /** Events of sessions, one by one (`sessions/event-codec.ts`). */
  events: 2,
  /** Sessions whose last event is in the pane, which has closed (`sessions/session-codec.ts`). */
  sessions: 3,
} as const;

type SlotFormat = (typeof SLOT_FORMATS)[keyof typeof SLOT_FORMATS];

const KNOWN_FORMATS: readonly number[] = Object.values(SLOT_FORMATS);
const CHECKSUM_BYTES = 4;

/** Parts of one whole and their checksum in memory of their own, so that a thread can give the bytes away. */
export function sealed(...parts: readonly Uint8Array[]): Uint8Array {
  const end = parts.reduce((total, { length }) => total + length, 0);
  const bytes = new Uint8Array(end + CHECKSUM_BYTES);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  new DataView(bytes.buffer).setUint32(end, crc32(bytes.subarray(0, end)), true);
  return bytes;
}

/** Whether the bytes are something of a pane as it was written, by their checksum. Some 1 GB a second. */
export function isIntactSlot(bytes: Uint8Array): boolean {
  const end = bytes.length - CHECKSUM_BYTES;
  if (end <= 0 || !KNOWN_FORMATS.includes(bytes[0] as number)) return false;
  const checksum = new DataView(bytes.buffer, bytes.byteOffset + end).getUint32(0, true);
  return crc32(bytes.subarray(0, end)) === checksum;
}

/** Reads what was sealed, from behind its format. Crashes on bytes that were damaged or are of another format. */
export function openSealed(encoded: Uint8Array, format: SlotFormat): ByteReader {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const end = bytes.length - CHECKSUM_BYTES;
  assert(end > 0 && crc32(bytes.subarray(0, end)) === bytes.readUInt32LE(end), "a stored pane is damaged");
  const reader = new ByteReader(bytes.subarray(0, end));
  assert.equal(reader.byte(), format, "a stored pane has an unknown format");
  return reader;
}
