import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "@node-rs/crc32";
import fc from "fast-check";
import { batchEnd, MalformedBatch, readBatchHeader } from "../../src/kafka/record-batch.ts";
import { RecordDecoder, readMarker, recordHeaders } from "../../src/kafka/record-decoding.ts";
import { recordKey } from "../../src/kafka/record-key.ts";
import { encodeBatch, encodeMarker, type TestBatch, type TestRecord } from "./encoded-batch.ts";

const someBytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 120, maxLength: 300 }),
);

const anyRecord: fc.Arbitrary<TestRecord> = fc.record({
  offsetDelta: fc.integer({ min: 1, max: 3 }), // steps here, made into deltas below
  timestampDelta: fc.oneof(
    fc.integer({ min: -5_000, max: 5_000 }),
    fc.integer({ min: -(2 ** 45), max: 2 ** 45 }),
  ),
  key: fc.option(someBytes),
  value: fc.option(someBytes),
  headers: fc.array(fc.record({ name: fc.string({ maxLength: 5 }), value: fc.option(someBytes) }), {
    maxLength: 3,
  }),
});

const anyBatch: fc.Arbitrary<TestBatch> = fc.record({
  baseOffset: fc.oneof(fc.nat(1000), fc.nat(2 ** 31 - 1), fc.integer({ min: 2 ** 32, max: 2 ** 48 })),
  baseTimestampMs: fc.integer({ min: 0, max: 2 ** 45 }),
  maxTimestampMs: fc.integer({ min: 0, max: 2 ** 45 }),
  codec: fc.constantFrom("none", "gzip", "snappy", "xerial", "lz4", "zstd"),
  logAppendTime: fc.boolean(),
  records: fc.array(anyRecord, { maxLength: 40 }).map((records) => {
    let offsetDelta = -1;
    return records.map((record) => {
      offsetDelta += record.offsetDelta;
      return { ...record, offsetDelta };
    });
  }),
});

/** What the decoder says, as plain values. */
function decodePlain(
  decoder: RecordDecoder,
  bytes: Buffer,
  start: number,
  fromOffset = 0,
  toOffset = Number.POSITIVE_INFINITY,
) {
  const end = batchEnd(bytes, start, bytes.length);
  const columns = decoder.decode(bytes, readBatchHeader(bytes, start, end), fromOffset, toOffset);
  return Array.from({ length: columns.count }, (_, row) => {
    const valueStart = columns.valueStart[row]!;
    assert(columns.bytes.length >= columns.valueEnd[row]! + 16, "padding");
    return {
      offset: columns.offset[row],
      timestampMs: columns.timestampMs[row],
      value: valueStart < 0 ? null : columns.bytes.toString("hex", valueStart, columns.valueEnd[row]),
      key: hex(recordKey(columns.bytes, columns.recordStart[row]!)),
      headers: recordHeaders(columns.bytes, columns.recordStart[row]!).map(({ name, value }) => [
        name,
        hex(value),
      ]),
    };
  });
}

function expected(batch: TestBatch) {
  return batch.records.map((record) => ({
    offset: batch.baseOffset + record.offsetDelta,
    timestampMs: batch.logAppendTime ? batch.maxTimestampMs : batch.baseTimestampMs + record.timestampDelta,
    value: hex(record.value),
    key: hex(record.key),
    headers: record.headers.map(({ name, value }) => [name, hex(value)]),
  }));
}

const hex = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString("hex"));

/** As a fetch response holds it: something before, padding behind. */
const placed = (batch: Buffer) => Buffer.concat([Buffer.alloc(5, 0xff), batch, Buffer.alloc(16)]);

test("every record comes back as it was written, with one decoder for all batches", () => {
  const decoder = new RecordDecoder();
  fc.assert(
    fc.property(anyBatch, (batch) => {
      assert.deepEqual(decodePlain(decoder, placed(encodeBatch(batch)), 5), expected(batch));
    }),
    { numRuns: 500 },
  );
});

test("records outside the wanted offsets are left out", () => {
  const decoder = new RecordDecoder();
  fc.assert(
    fc.property(anyBatch, fc.nat(60), fc.nat(60), (batch, skipped, wanted) => {
      const from = batch.baseOffset + skipped;
      const decoded = decodePlain(decoder, placed(encodeBatch(batch)), 5, from, from + wanted);
      assert.deepEqual(
        decoded,
        expected(batch).filter(({ offset }) => offset >= from && offset < from + wanted),
      );
    }),
    { numRuns: 300 },
  );
});

test("more records than the columns held before", () => {
  const records = Array.from({ length: 10_000 }, (_, i) => ({
    offsetDelta: i,
    timestampDelta: i,
    key: null,
    value: Buffer.from(`${i}`),
    headers: [],
  }));
  const batch: TestBatch = { baseOffset: 7, baseTimestampMs: 1, maxTimestampMs: 1, codec: "lz4", records };
  assert.deepEqual(decodePlain(new RecordDecoder(), placed(encodeBatch(batch)), 5), expected(batch));
});

test("a byte changed anywhere behind the checksum is refused, whatever the codec", () => {
  const decoder = new RecordDecoder();
  fc.assert(
    fc.property(anyBatch, fc.nat(), fc.integer({ min: 1, max: 255 }), (batch, where, change) => {
      const bytes = encodeBatch(batch);
      const at = 17 + (where % (bytes.length - 17));
      bytes[at]! ^= change;
      assert.throws(() => decodePlain(decoder, placed(bytes), 5), MalformedBatch);
    }),
    { numRuns: 300 },
  );
});

test("records that contradict their batch are refused or read within it, never beyond", () => {
  const decoder = new RecordDecoder();
  fc.assert(
    fc.property(anyBatch, fc.nat(), fc.nat(255), (batch, where, byte) => {
      const bytes = placed(encodeBatch(batch));
      const end = bytes.length - 16;
      // The checksum is made right again: this producer lied.
      const at = 5 + 57 + (where % (end - 5 - 57));
      bytes[at] = byte;
      try {
        const header = readBatchHeader(bytes, 5, end);
        const {
          count,
          valueEnd,
          bytes: held,
        } = decoder.decode(bytes, { ...header, crc: crcOf(bytes, end) }, 0, 1e18);
        for (let row = 0; row < count; row++) assert(valueEnd[row]! <= held.length - 16);
      } catch (error) {
        assert(error instanceof MalformedBatch, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});

test("markers say how the transaction ended", () => {
  for (const kind of ["commit", "abort"] as const) {
    const bytes = encodeMarker(12, 7, kind);
    const header = readBatchHeader(bytes, 0, bytes.length);
    assert.equal(readMarker(bytes, header), kind);
    assert.deepEqual(
      { control: header.control, transactional: header.transactional, producerId: header.producerId },
      { control: true, transactional: true, producerId: 7 },
    );
  }
});

test("a batch that is cut off is not taken for a batch, one of another format is refused", () => {
  const bytes = encodeMarker(0, 1, "commit");
  for (let limit = 0; limit < bytes.length; limit++) assert.equal(batchEnd(bytes, 0, limit), -1);
  assert.equal(batchEnd(bytes, 0, bytes.length), bytes.length);
  bytes[16] = 1;
  assert.throws(() => batchEnd(bytes, 0, bytes.length), MalformedBatch);
  bytes.writeInt32BE(10, 8);
  assert.throws(() => batchEnd(bytes, 0, bytes.length), MalformedBatch);
});

function crcOf(bytes: Buffer, end: number): number {
  return crc32c(bytes.subarray(5 + 21, end));
}
