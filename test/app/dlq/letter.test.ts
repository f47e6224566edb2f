import assert from "node:assert/strict";
import { test } from "node:test";
import { identityOf, type Letter, readLetter } from "../../../src/app/dlq/letter.ts";
import { letterHeaders, textHeaders } from "../../../src/engines/embedded/dead-letter-headers.ts";
import { readBatchHeader } from "../../../src/kafka/record-batch.ts";
import { RecordDecoder } from "../../../src/kafka/record-decoding.ts";
import { RecordBatchBuilder, type RecordHeader } from "../../../src/kafka/record-encoding.ts";

/** What is read of a record that Kafka holds. */
function read(headers: readonly RecordHeader[], recordMs = 1_000): Letter | undefined {
  const builder = new RecordBatchBuilder(Buffer.alloc(256));
  const [key, value] = [Buffer.from("a key"), Buffer.from("no json")];
  builder.append(recordMs, key, 0, key.length, value, 0, value.length, headers);
  const identity = { producerId: 1, producerEpoch: 0, baseSequence: 0, transactional: false };
  const { bytes } = builder.seal("none", identity, () => Buffer.alloc(0));
  const padded = Buffer.concat([bytes, Buffer.alloc(16)]);
  const header = readBatchHeader(padded, 0, bytes.length);
  return readLetter(0, new RecordDecoder().decode(padded, header, 0, 10), 0);
}

const SOURCE = { name: "clicks", id: "an-id" };
const LETTER = {
  ...({ partition: 3, offset: 42, reason: "not_json", timestampMs: 7, key: null, value: null } as const),
  headers: textHeaders({ trace: "abc", "clickstream.attempt": "2", "clickstream.replay-of": "clicks/1/2" }),
};

test("a letter is read as the engine wrote it", () => {
  const letter = read(letterHeaders(LETTER, SOURCE, false));
  assert(letter !== undefined);
  const { headers, key, value, ...rest } = letter;
  assert.deepEqual(rest, {
    reason: "not_json",
    origin: { topic: "clicks", topicId: "an-id", partition: 3, offset: 42 },
    ...{ attempt: 2, timestampMs: 7, truncatedBytes: undefined, replayOf: "clicks/1/2" },
  });
  assert.deepEqual([String(key), String(value)], ["a key", "no json"]);
  assert.deepEqual(
    headers.map(({ name }) => name),
    ["trace"],
  );
  assert.equal(identityOf(letter), "an-id/clicks/3/42/2");
});

test("a record without the headers of a letter is none", () => {
  assert.equal(read([]), undefined);
  for (const missing of ["reason", "topic", "partition", "offset"]) {
    const headers = letterHeaders(LETTER, SOURCE, false);
    assert.equal(read(headers.filter(({ name }) => name !== `clickstream.${missing}`)), undefined, missing);
  }
  const headers = letterHeaders(LETTER, SOURCE, false);
  assert.equal(read([...headers, ...textHeaders({ "clickstream.offset": "-1" })]), undefined);
});

test("a letter of before has its record's time, and one with a time that is none has no time", () => {
  const headers = letterHeaders(LETTER, SOURCE, false);
  const untimed = headers.filter(({ name }) => name !== "clickstream.timestamp");
  assert.equal(read(untimed)?.timestampMs, 1_000);
  for (const time of ["-1", "never", "9".repeat(19)]) {
    assert.equal(
      read([...untimed, ...textHeaders({ "clickstream.timestamp": time })])?.timestampMs,
      -1,
      time,
    );
  }
});
