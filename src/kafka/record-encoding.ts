import { crc32c } from "@node-rs/crc32";
import { type Codec, codecNumber, compress } from "./compression.ts";
import { writeInt64, writeUnsignedVarint } from "./request-writer.ts";

/** One header of a record. */
export interface RecordHeader {
  name: string;
  /** null is a header without a value. */
  value: Uint8Array | null;
}

/** Who wrote a batch, and in what order: what a broker uses to refuse repeats. */
export interface BatchIdentity {
  producerId: number;
  producerEpoch: number;
  /** The sequence number of the batch's first record in its partition. */
  baseSequence: number;
  transactional: boolean;
}

/** Bytes of a record batch (magic 2) before its records. */
export const BATCH_HEADER_BYTES = 61;
const TRANSACTIONAL = 0x10;
/** Length, attributes, timestamp, offset, key length, value length, header count: varints at their longest. */
const MAX_RECORD_OVERHEAD_BYTES = 5 + 1 + 10 + 5 + 5 + 5 + 5;

/** Collects records for one partition as the bytes of a record batch. Buffers grow and are reused. */
export class RecordBatchBuilder {
  #bytes: Buffer;
  #length = BATCH_HEADER_BYTES;
  #count = 0;
  #firstTimestampMs = 0;
  #greatestTimestampMs = 0;

  /** @param bytes the buffer to write into; replaced by a larger one when it gets full. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of the batch so far, uncompressed. */
  get length(): number {
    return this.#length;
  }

  /**
   * Hot: copies one record; ~100 ns for 250 bytes, nothing allocated. Key and value are ranges of buffers, or null.
   * `timestampMs` is a whole number of ms.
   */
  append(
    timestampMs: number,
    key: Uint8Array | null,
    keyStart: number,
    keyLength: number,
    value: Uint8Array | null,
    valueStart: number,
    valueLength: number,
    headers: readonly RecordHeader[] | undefined,
  ): void {
    const headerBytes = headers === undefined ? 1 : encodedHeadersLength(headers);
    this.#reserve(
      (key === null ? 0 : keyLength) +
        (value === null ? 0 : valueLength) +
        headerBytes +
        MAX_RECORD_OVERHEAD_BYTES,
    );
    if (this.#count === 0) {
      this.#firstTimestampMs = timestampMs;
      this.#greatestTimestampMs = timestampMs;
    } else if (timestampMs > this.#greatestTimestampMs) this.#greatestTimestampMs = timestampMs;
    const timestampDelta = zigzag(timestampMs - this.#firstTimestampMs);
    const offsetDelta = this.#count * 2;
    const keyField = key === null ? 1 : keyLength * 2;
    const valueField = value === null ? 1 : valueLength * 2;
    const bodyBytes =
      1 +
      varintLength(timestampDelta) +
      varintLength(offsetDelta) +
      varintLength(keyField) +
      (key === null ? 0 : keyLength) +
      varintLength(valueField) +
      (value === null ? 0 : valueLength) +
      headerBytes;

    const bytes = this.#bytes;
    let at = writeUnsignedVarint(bytes, bodyBytes * 2, this.#length);
    bytes[at++] = 0;
    at =
      timestampDelta < 0x80000000
        ? writeUnsignedVarint(bytes, timestampDelta, at)
        : writeLongVarint(bytes, timestampDelta, at);
    at = writeUnsignedVarint(bytes, offsetDelta, at);
    at = writeUnsignedVarint(bytes, keyField, at);
    if (key !== null) at = copyBytes(key, keyStart, keyLength, bytes, at);
    at = writeUnsignedVarint(bytes, valueField, at);
    if (value !== null) at = copyBytes(value, valueStart, valueLength, bytes, at);
    if (headers === undefined) bytes[at++] = 0;
    else at = writeHeaders(bytes, headers, at);
    this.#length = at;
    this.#count++;
  }

  /**
   * The finished batch; the builder is empty afterwards. Uncompressed, the batch is the builder's buffer itself, and
   * the builder goes on in the one that `nextBuffer` hands out.
   */
  seal(codec: Codec, identity: BatchIdentity, nextBuffer: () => Buffer): SealedBatch {
    const buffer = this.#bytes;
    const plain = codec === "none";
    const bytes = plain ? buffer.subarray(0, this.#length) : this.#compressed(codec);
    writeInt64(bytes, 0, 0);
    bytes.writeInt32BE(bytes.length - 12, 8);
    bytes.writeInt32BE(-1, 12);
    bytes[16] = 2;
    bytes.writeInt16BE(codecNumber(codec) | (identity.transactional ? TRANSACTIONAL : 0), 21);
    bytes.writeInt32BE(this.#count - 1, 23);
    writeInt64(bytes, this.#firstTimestampMs, 27);
    writeInt64(bytes, this.#greatestTimestampMs, 35);
    bytes.writeInt32BE(this.#count, 57);
    identify(bytes, identity);
    const sealed = { bytes, count: this.#count, buffer: plain ? buffer : undefined };
    if (plain) this.#bytes = nextBuffer();
    this.clear();
    return sealed;
  }

  /** Forgets the records. */
  clear(): void {
    this.#length = BATCH_HEADER_BYTES;
    this.#count = 0;
  }

  #compressed(codec: Codec): Buffer {
    const records = compress(codec, this.#bytes.subarray(BATCH_HEADER_BYTES, this.#length));
    const bytes = Buffer.allocUnsafe(BATCH_HEADER_BYTES + records.length);
    bytes.set(records, BATCH_HEADER_BYTES);
    return bytes;
  }

  #reserve(byteLength: number): void {
    const needed = this.#length + byteLength;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, needed));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** A finished record batch. */
export interface SealedBatch {
  bytes: Buffer;
  /** Records in it. */
  count: number;
  /** The buffer that `bytes` is a view of, to be used again once the batch has arrived. */
  buffer: Buffer | undefined;
}

/** Writes producer and sequence into a finished batch and computes its checksum again. */
export function identify(batch: Buffer, identity: Omit<BatchIdentity, "transactional">): void {
  writeInt64(batch, identity.producerId, 43);
  batch.writeInt16BE(identity.producerEpoch, 51);
  batch.writeInt32BE(identity.baseSequence, 53);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
}

/** The sequence number `count` records after `sequence`: 0 follows the greatest 32-bit integer. */
export function sequenceAfter(sequence: number, count: number): number {
  return (sequence + count) % 2 ** 31;
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : value * -2 - 1;
}

function varintLength(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  let length = 4;
  for (let rest = Math.floor(value / 0x10000000); rest > 0; rest = Math.floor(rest / 128)) length++;
  return length;
}

function writeLongVarint(bytes: Buffer, value: number, position: number): number {
  let rest = value;
  let at = position;
  while (rest > 127) {
    bytes[at++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  bytes[at++] = rest;
  return at;
}

/** Takes any Uint8Array, and makes no view of it. */
const copyRange = Buffer.prototype.copy;

/** A loop beats a call for keys; `set` with its throwaway view would not. */
function copyBytes(from: Uint8Array, start: number, length: number, to: Buffer, position: number): number {
  if (length < 40) for (let at = 0; at < length; at++) to[position + at] = from[start + at]!;
  else copyRange.call(from as Buffer, to, position, start, start + length);
  return position + length;
}

function encodedHeadersLength(headers: readonly RecordHeader[]): number {
  let length = varintLength(headers.length * 2);
  for (const { name, value } of headers) {
    const nameBytes = Buffer.byteLength(name);
    length += varintLength(nameBytes * 2) + nameBytes;
    length += value === null ? 1 : varintLength(value.length * 2) + value.length;
  }
  return length;
}

function writeHeaders(bytes: Buffer, headers: readonly RecordHeader[], position: number): number {
  let at = writeUnsignedVarint(bytes, headers.length * 2, position);
  for (const { name, value } of headers) {
    at = writeUnsignedVarint(bytes, Buffer.byteLength(name) * 2, at);
    at += bytes.write(name, at);
    at = writeUnsignedVarint(bytes, value === null ? 1 : value.length * 2, at);
    if (value === null) continue;
    bytes.set(value, at);
    at += value.length;
  }
  return at;
}
