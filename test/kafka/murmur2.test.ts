import assert from "node:assert/strict";
import { test } from "node:test";
import { compatibilityPartitioner } from "@platformatic/kafka";
import fc from "fast-check";
import { murmur2, partitionOfKey } from "../../src/kafka/murmur2.ts";

/** From the tests of Kafka's Java client (UtilsTest.testMurmur2). */
const JAVA_HASHES: readonly (readonly [string, number])[] = [
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
];

test("murmur2 is the one of Kafka's Java client", () => {
  for (const [text, hash] of JAVA_HASHES) {
    const bytes = Buffer.from(`..${text}..`);
    assert.equal(murmur2(bytes, 2, bytes.length - 4), hash, text);
  }
});

test("any key goes to the partition that a Java-compatible partitioner chooses", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), fc.integer({ min: 1, max: 1_000 }), (key, partitions) => {
      const message = { topic: "", key: Buffer.from(key) };
      const expected = compatibilityPartitioner(message, message.key) % partitions;
      assert.equal(partitionOfKey(key, 0, key.length, partitions), expected);
    }),
  );
});
