import { gzipSync, zstdCompressSync } from "node:zlib";
import { crc32c } from "@node-rs/crc32";
import { lz4Compress, snappyCompress } from "@platformatic/wasm-utils";

/** A record as a test writes it. */
export interface TestRecord {
  offsetDelta: number;
  timestampDelta: number;
  key: Uint8Array | null;
  value: Uint8Array | null;
  headers: { name: string; value: Uint8Array | null }[];
}

export interface TestBatch {
  baseOffset: number;
  baseTimestampMs: number;
  maxTimestampMs: number;
  /** Default: that of the last record. */
  lastOffsetDelta?: number;
  codec: "none" | "gzip" | "snappy" | "xerial" | "lz4" | "zstd";
  logAppendTime?: boolean;
  transactional?: boolean;
  control?: boolean;
  producerId?: number;
  records: TestRecord[];
}

const CODEC_NUMBERS = { none: 0, gzip: 1, snappy: 2, xerial: 2, lz4: 3, zstd: 4 };

/** A record batch written slowly and plainly from Kafka's description of the format. */
export function encodeBatch(batch: TestBatch): Buffer {
  const records = compress(batch.codec, Buffer.concat(batch.records.map(encodeRecord)));
  const bytes = Buffer.alloc(61 + records.length);
  bytes.writeBigInt64BE(BigInt(batch.baseOffset), 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt32BE(0, 12);
  bytes.writeInt8(2, 16);
  const flags = [batch.logAppendTime, batch.transactional, batch.control];
  bytes.writeInt16BE(
    flags.reduce((bits, on, i) => bits | (on ? 8 << i : 0), CODEC_NUMBERS[batch.codec]),
    21,
  );
  bytes.writeInt32BE(batch.lastOffsetDelta ?? batch.records.at(-1)?.offsetDelta ?? 0, 23);
  bytes.writeBigInt64BE(BigInt(batch.baseTimestampMs), 27);
  bytes.writeBigInt64BE(BigInt(batch.maxTimestampMs), 35);
  bytes.writeBigInt64BE(BigInt(batch.producerId ?? -1), 43);
  bytes.writeInt32BE(batch.records.length, 57);
  records.copy(bytes, 61);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return bytes;
}

/** A control batch that ends a transaction. */
export function encodeMarker(baseOffset: number, producerId: number, kind: "commit" | "abort"): Buffer {
  return encodeBatch({
    baseOffset,
    baseTimestampMs: 0,
    maxTimestampMs: 0,
    codec: "none",
    transactional: true,
    control: true,
    producerId,
    records: [
      {
        offsetDelta: 0,
        timestampDelta: 0,
        key: Buffer.from([0, 0, 0, kind === "commit" ? 1 : 0]),
        value: Buffer.alloc(6),
        headers: [],
      },
    ],
  });
}

function encodeRecord({ offsetDelta, timestampDelta, key, value, headers }: TestRecord): Buffer {
  const body = Buffer.concat([
    Buffer.of(0),
    varint(timestampDelta),
    varint(offsetDelta),
    sized(key),
    sized(value),
    varint(headers.length),
    ...headers.flatMap((header) => [sized(Buffer.from(header.name)), sized(header.value)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

function sized(bytes: Uint8Array | null): Buffer {
  return bytes === null ? varint(-1) : Buffer.concat([varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const bytes: number[] = [];
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

// Made while the codecs' memory is new: once it has grown, they throw at empty input.
const EMPTY = { snappy: snappyCompress(Buffer.alloc(0)), lz4: lz4Compress(Buffer.alloc(0)) };

function compress(codec: TestBatch["codec"], records: Buffer): Buffer {
  if (records.length === 0 && (codec === "snappy" || codec === "lz4")) return EMPTY[codec];
  switch (codec) {
    case "none":
      return records;
    case "gzip":
      return gzipSync(records);
    case "snappy":
      return snappyCompress(records);
    case "xerial":
      return xerialSnappy(records);
    case "lz4":
      return lz4Compress(records);
    case "zstd":
      return zstdCompressSync(records);
  }
}

function xerialSnappy(records: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from("82534e41505059000000000100000001", "hex")];
  for (let start = 0; start < records.length; start += 100) {
    const block = snappyCompress(records.subarray(start, start + 100));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}
