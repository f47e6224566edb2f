import { crc32c } from "@node-rs/crc32";
import type { RecordColumns } from "../events/records.ts";
import { Decompressor } from "./decompression.ts";
import { type BatchHeader, MalformedBatch } from "./record-batch.ts";
import { recordKey } from "./record-key.ts";
import { ResponseReader } from "./response-reader.ts";

/** Length, attributes, timestamp, offset, key length, value length, header count: a byte each at least. */
const MIN_RECORD_BYTES = 7;

/** Columns for `capacity` records, to be filled by `RecordDecoder`. */
export function createRecordColumns(capacity: number): RecordColumns {
  return {
    bytes: Buffer.alloc(0),
    count: 0,
    offset: new Float64Array(capacity),
    timestampMs: new Float64Array(capacity),
    valueStart: new Int32Array(capacity),
    valueEnd: new Int32Array(capacity),
    recordStart: new Int32Array(capacity),
  };
}

/** Turns record batches into columns, which it owns and reuses from batch to batch. */
export class RecordDecoder {
  readonly #decompressor = new Decompressor();
  #columns = createRecordColumns(4096);

  /**
   * The batch's records whose offsets are in [fromOffset, toOffset); valid until the next call. `bytes` must have 16
   * readable bytes after the batch.
   * @throws MalformedBatch when the CRC or the structure is wrong
   */
  decode(bytes: Buffer, header: BatchHeader, fromOffset: number, toOffset: number): RecordColumns {
    checkCrc(bytes, header);
    const { codec, recordCount, recordsStart } = header;
    const plainEnd =
      codec === 0
        ? header.end
        : this.#decompressor.decompress(codec, bytes.subarray(recordsStart, header.end));
    const plainStart = codec === 0 ? recordsStart : 0;
    if (recordCount < 0 || recordCount * MIN_RECORD_BYTES > plainEnd - plainStart) {
      throw new MalformedBatch(`${recordCount} records in ${plainEnd - plainStart} bytes`);
    }
    if (recordCount > this.#columns.offset.length) this.#columns = createRecordColumns(recordCount * 2);
    const columns = this.#columns;
    columns.bytes = codec === 0 ? bytes : this.#decompressor.bytes;
    columns.count = recordCount;
    decodeRecords(columns.bytes, plainStart, plainEnd, header, columns);
    if (header.baseOffset < fromOffset || header.lastOffset >= toOffset) trim(columns, fromOffset, toOffset);
    return columns;
  }
}

/** What a control batch says of its producer's transaction. @throws MalformedBatch when the CRC or structure is wrong */
export function readMarker(bytes: Buffer, header: BatchHeader): "commit" | "abort" | "other" {
  checkCrc(bytes, header);
  const key = recordKey(bytes, header.recordsStart);
  // The key is a version and a type, int16 each. Other types are of Kafka's own topics.
  if (key === null || key.length < 4) throw new MalformedBatch("a marker without a type");
  return key[3] === 0 ? "abort" : key[3] === 1 ? "commit" : "other";
}

/** Copies of the headers of the record whose length field is at `recordStart`, in order; names may repeat. */
export function recordHeaders(
  bytes: Buffer,
  recordStart: number,
): { name: string; value: Uint8Array | null }[] {
  const reader = new ResponseReader(bytes, recordStart);
  reader.zigzagVarint(); // length of the record
  reader.skip(1); // attributes
  reader.skipVarint(); // timestamp
  reader.skipVarint(); // offset
  reader.skip(Math.max(0, reader.zigzagVarint())); // key
  reader.skip(Math.max(0, reader.zigzagVarint())); // value
  const count = reader.zigzagVarint();
  return Array.from({ length: count }, () => ({
    name: Buffer.from(readBytes(reader) ?? []).toString(),
    value: readBytes(reader),
  }));
}

function readBytes(reader: ResponseReader): Uint8Array | null {
  const length = reader.zigzagVarint();
  if (length < 0) return null;
  reader.skip(length);
  return Uint8Array.prototype.slice.call(reader.bytes, reader.position - length, reader.position);
}

function checkCrc(bytes: Buffer, header: BatchHeader): void {
  const crc = crc32c(bytes.subarray(header.crcStart, header.end));
  if (crc !== header.crc) throw new MalformedBatch(`the checksum ${crc} instead of ${header.crc}`);
}

/** Keeps the records whose offsets are in [fromOffset, toOffset). */
function trim(columns: RecordColumns, fromOffset: number, toOffset: number): void {
  let kept = 0;
  for (let row = 0; row < columns.count; row++) {
    const offset = columns.offset[row]!;
    if (offset < fromOffset || offset >= toOffset) continue;
    columns.offset[kept] = offset;
    columns.timestampMs[kept] = columns.timestampMs[row]!;
    columns.valueStart[kept] = columns.valueStart[row]!;
    columns.valueEnd[kept] = columns.valueEnd[row]!;
    columns.recordStart[kept] = columns.recordStart[row]!;
    kept++;
  }
  columns.count = kept;
}

/**
 * Hot: 6 varints and 5 stores a record, keys, values and headers are skipped over: ~25 ns, so 1M records cost ~25 ms
 * whatever their size. The varints are spelled out because a call for each would have to return two numbers.
 */
function decodeRecords(
  bytes: Buffer,
  start: number,
  end: number,
  header: BatchHeader,
  columns: RecordColumns,
): void {
  const { baseOffset, baseTimestampMs, maxTimestampMs, logAppendTime } = header;
  const { count, offset, timestampMs, valueStart, valueEnd, recordStart } = columns;
  let position = start;
  for (let row = 0; row < count; row++) {
    recordStart[row] = position;
    let byte = bytes[position++]!;
    let field = byte & 127;
    for (let shift = 7; byte > 127 && shift < 35; shift += 7) {
      byte = bytes[position++]!;
      field |= (byte & 127) << shift;
    }
    const recordEnd = position + (field >>> 1);
    if (recordEnd > end) throw new MalformedBatch(`a record beyond its batch`);
    position++; // attributes: none are defined

    byte = bytes[position++]!;
    let delta = byte & 127;
    for (let scale = 128; byte > 127 && scale < 2 ** 63; scale *= 128) {
      byte = bytes[position++]!;
      delta += (byte & 127) * scale;
    }
    if (logAppendTime) timestampMs[row] = maxTimestampMs;
    else timestampMs[row] = baseTimestampMs + (delta % 2 === 0 ? delta / 2 : -(delta + 1) / 2);

    byte = bytes[position++]!;
    field = byte & 127;
    for (let shift = 7; byte > 127 && shift < 35; shift += 7) {
      byte = bytes[position++]!;
      field |= (byte & 127) << shift;
    }
    offset[row] = baseOffset + (field >>> 1);

    byte = bytes[position++]!;
    field = byte & 127;
    for (let shift = 7; byte > 127 && shift < 35; shift += 7) {
      byte = bytes[position++]!;
      field |= (byte & 127) << shift;
    }
    if ((field & 1) === 0) position += field >>> 1; // an odd field is −1: no key

    byte = bytes[position++]!;
    field = byte & 127;
    for (let shift = 7; byte > 127 && shift < 35; shift += 7) {
      byte = bytes[position++]!;
      field |= (byte & 127) << shift;
    }
    if ((field & 1) === 0) {
      valueStart[row] = position;
      position += field >>> 1;
    } else {
      valueStart[row] = -1;
    }
    valueEnd[row] = position;
    if (position > recordEnd) throw new MalformedBatch(`a field beyond its record`);
    position = recordEnd;
  }
  if (position !== end) throw new MalformedBatch(`${end - position} bytes after its records`);
}
