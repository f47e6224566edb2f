import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "@node-rs/crc32";
import { Reader, readRecordsBatch } from "@platformatic/kafka";
import fc from "fast-check";
import { type BatchRecord, recordsOf } from "../../src/kafka/batch-records.ts";
import { CODECS } from "../../src/kafka/compression.ts";
import { identify, RecordBatchBuilder, sequenceAfter } from "../../src/kafka/record-encoding.ts";

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const PLAIN = { noNullPrototype: true } as const;
const record = fc.record(
  {
    timestampMs: fc.oneof(
      fc.integer({ min: 0, max: 253402300799999 }),
      fc.integer({ min: 1.7e12, max: 1.7e12 + 1_000 }),
    ),
    key: fc.option(bytes(80)),
    value: fc.option(fc.oneof(bytes(300), bytes(20_000))),
    headers: fc.array(
      fc.record(
        { name: fc.string({ unit: "grapheme", maxLength: 20 }), value: fc.option(bytes(200)) },
        PLAIN,
      ),
      { maxLength: 4 },
    ),
  },
  PLAIN,
);
const batch = fc.array(record, { minLength: 1, maxLength: 40 });

function encode(
  records: readonly BatchRecord[],
  codec: (typeof CODECS)[number],
  builder: RecordBatchBuilder,
): Buffer {
  for (const { timestampMs, key, value, headers } of records) {
    // Ranges in the middle of buffers, as callers have them.
    const wide = (field: Buffer | null): Buffer | null => field && Buffer.concat([MARGIN, field, MARGIN]);
    const range = [MARGIN.length] as const;
    builder.append(
      timestampMs,
      wide(key),
      ...range,
      key?.length ?? 0,
      wide(value),
      ...range,
      value?.length ?? 0,
      headers.length === 0 ? undefined : headers,
    );
  }
  const identity = { producerId: 2 ** 40 + 7, producerEpoch: 3, baseSequence: 41, transactional: true };
  return builder.seal(codec, identity, () => Buffer.alloc(16)).bytes;
}
const MARGIN = Buffer.from("margin");

test("another client reads what was encoded, with every codec", () => {
  for (const codec of CODECS) {
    fc.assert(
      fc.property(batch, batch, (first, second) => {
        const builder = new RecordBatchBuilder(Buffer.alloc(100));
        encode(first, codec, builder);
        const encoded = encode(second, codec, builder);
        const read = readRecordsBatch(Reader.from(Buffer.from(encoded)));
        assert.equal(read.magic, 2);
        assert.equal(encoded.readUInt32BE(17), crc32c(encoded.subarray(21)));
        assert.equal(read.attributes, CODECS.indexOf(codec) | 0x10);
        assert.equal(read.producerId, 2n ** 40n + 7n);
        assert.equal(read.producerEpoch, 3);
        assert.equal(read.firstSequence, 41);
        assert.equal(read.lastOffsetDelta, second.length - 1);
        const greatest = Math.max(...second.map(({ timestampMs }) => timestampMs));
        assert.equal(read.maxTimestamp, BigInt(greatest));
        assert.deepEqual(
          read.records.map(({ offsetDelta, timestampDelta, key, value, headers }) => ({
            offsetDelta,
            timestampMs: Number(read.firstTimestamp + timestampDelta),
            key,
            value,
            headers: headers.map(([name, content]) => [String(name), content]),
          })),
          second.map(({ timestampMs, key, value, headers }, offsetDelta) => ({
            offsetDelta,
            timestampMs,
            key,
            value,
            headers: headers.map(({ name, value: content }) => [name, content]),
          })),
        );
      }),
      { numRuns: 40 },
    );
  }
});

test("a batch of our own can be taken apart again", () => {
  fc.assert(
    fc.property(batch, fc.constantFrom(...CODECS), (records, codec) => {
      const encoded = encode(records, codec, new RecordBatchBuilder(Buffer.alloc(100)));
      assert.deepEqual(recordsOf(encoded), records);
    }),
  );
});

test("a batch that gets another identity is as if it had been sealed with it", () => {
  const records = [{ timestampMs: 5, key: null, value: Buffer.from("v"), headers: [] }];
  const first = encode(records, "none", new RecordBatchBuilder(Buffer.alloc(100)));
  const second = Buffer.from(first);
  identify(second, { producerId: 9, producerEpoch: 8, baseSequence: 7 });
  assert.notDeepEqual(second, first);
  identify(second, { producerId: 2 ** 40 + 7, producerEpoch: 3, baseSequence: 41 });
  assert.deepEqual(second, first);
});

test("sequence numbers begin again at 0 after the greatest one", () => {
  assert.equal(sequenceAfter(2 ** 31 - 2, 1), 2 ** 31 - 1);
  assert.equal(sequenceAfter(2 ** 31 - 2, 2), 0);
  assert.equal(sequenceAfter(2 ** 31 - 1, 3), 2);
});
