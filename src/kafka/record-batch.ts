import { int64At } from "./response-reader.ts";

/*
 * A record batch (magic 2): base offset int64, length int32 (of what follows), leader epoch int32, magic int8, CRC-32C
 * uint32 (of what follows), attributes int16, last offset delta int32, base timestamp int64, max timestamp int64,
 * producer id int64, producer epoch int16, base sequence int32, record count int32, records.
 */
const LENGTH_AT = 8;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const BASE_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const COUNT_AT = 57;
const RECORDS_AT = 61;
/** Base offset and length: what the length does not count. */
const BEFORE_LENGTH = 12;

/** The header of one record batch. Times in ms since the epoch, positions in the buffer that holds the batch. */
export interface BatchHeader {
  baseOffset: number;
  lastOffset: number;
  crc: number;
  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  codec: number;
  /** All records have the time at which the broker appended the batch, `maxTimestampMs`. */
  logAppendTime: boolean;
  transactional: boolean;
  /** Holds a transaction marker instead of records. */
  control: boolean;
  baseTimestampMs: number;
  maxTimestampMs: number;
  /** −1 for none. */
  producerId: number;
  recordCount: number;
  /** Where the bytes that the CRC covers start. */
  crcStart: number;
  recordsStart: number;
  end: number;
}

/** A batch's bytes are not what a broker would have written. */
export class MalformedBatch extends Error {}

/** One past the batch that starts at `position`; −1 when it is cut off by `limit`. @throws MalformedBatch */
export function batchEnd(bytes: Buffer, position: number, limit: number): number {
  if (position + BEFORE_LENGTH > limit) return -1;
  const length = bytes.readInt32BE(position + LENGTH_AT);
  if (length < RECORDS_AT - BEFORE_LENGTH) throw new MalformedBatch(`a batch length of ${length}`);
  const end = position + BEFORE_LENGTH + length;
  if (end > limit) return -1;
  const magic = bytes[position + MAGIC_AT];
  if (magic !== 2) throw new MalformedBatch(`the message format ${magic} (only 2 is known)`);
  return end;
}

/** Offset after the batch that starts at `position`. */
export function offsetAfterBatch(bytes: Buffer, position: number): number {
  return int64At(bytes, position) + bytes.readInt32BE(position + LAST_OFFSET_DELTA_AT) + 1;
}

/** The header of the complete batch in [position, end). */
export function readBatchHeader(bytes: Buffer, position: number, end: number): BatchHeader {
  const attributes = bytes.readInt16BE(position + ATTRIBUTES_AT);
  return {
    baseOffset: int64At(bytes, position),
    lastOffset: offsetAfterBatch(bytes, position) - 1,
    crc: bytes.readUInt32BE(position + CRC_AT),
    codec: attributes & 7,
    logAppendTime: (attributes & 0x08) !== 0,
    transactional: (attributes & 0x10) !== 0,
    control: (attributes & 0x20) !== 0,
    baseTimestampMs: int64At(bytes, position + BASE_TIMESTAMP_AT),
    maxTimestampMs: int64At(bytes, position + MAX_TIMESTAMP_AT),
    producerId: int64At(bytes, position + PRODUCER_ID_AT),
    recordCount: bytes.readInt32BE(position + COUNT_AT),
    crcStart: position + ATTRIBUTES_AT,
    recordsStart: position + RECORDS_AT,
    end,
  };
}
