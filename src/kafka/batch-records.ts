import assert from "node:assert/strict";
import { Decompressor } from "./decompression.ts";
import { BATCH_HEADER_BYTES, type RecordHeader } from "./record-encoding.ts";
import { int64At } from "./response-reader.ts";

/** A record as it was appended. */
export interface BatchRecord {
  /** ms since the epoch. */
  timestampMs: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: RecordHeader[];
}

/** The records of a batch of this program's own, to send some of them again. Cold: only after Kafka refused a batch. */
export function recordsOf(batch: Buffer): BatchRecord[] {
  const codec = batch.readInt16BE(21) & 7;
  const packed = batch.subarray(BATCH_HEADER_BYTES);
  const bytes = codec === 0 ? packed : decompressed(codec, packed);
  const firstTimestampMs = int64At(batch, 27);
  const count = batch.readInt32BE(57);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  };
  const field = (): Buffer | null => {
    const length = varint();
    if (length < 0) return null;
    at += length;
    return Buffer.from(bytes.subarray(at - length, at));
  };
  const records: BatchRecord[] = [];
  for (let row = 0; row < count; row++) {
    const end = varint() + at;
    at++;
    const timestampMs = firstTimestampMs + varint();
    varint();
    const record: BatchRecord = { timestampMs, key: field(), value: field(), headers: [] };
    for (let headers = varint(); headers > 0; headers--) {
      record.headers.push({ name: String(field()), value: field() });
    }
    assert.equal(at, end, "a batch that this program encoded reads as it was written");
    records.push(record);
  }
  return records;
}

function decompressed(codec: number, packed: Buffer): Buffer {
  const decompressor = new Decompressor();
  const length = decompressor.decompress(codec, packed);
  return decompressor.bytes.subarray(0, length);
}
