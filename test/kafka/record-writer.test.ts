import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import fc from "fast-check";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { ClickstreamError } from "../../src/core/errors.ts";
import { seededRandom } from "../../src/core/random.ts";
import { CODECS } from "../../src/kafka/compression.ts";
import { producerFenced, RecordsRefusedError } from "../../src/kafka/producer-errors.ts";
import { RecordWriter, type RecordWriterOptions } from "../../src/kafka/record-writer.ts";
import { FakeLeader } from "./fake-leader.ts";

/** Sleeps only as long as it takes others to have their turn. */
const impatientClock: Clock = {
  nowMs: systemClock.nowMs,
  monotonicMs: systemClock.monotonicMs,
  sleep: () => new Promise((resolve) => setImmediate(resolve)),
};

const PARTITIONS = 3;
const running: { leader: FakeLeader; writer: RecordWriter }[] = [];

async function start(
  seed: number,
  given: Partial<RecordWriterOptions> = {},
): Promise<{ leader: FakeLeader; writer: RecordWriter }> {
  const leader = await FakeLeader.start(seededRandom(seed));
  const broker = { nodeId: 1, host: "127.0.0.1", port: leader.port };
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, leader: broker }));
  const topic = { name: "events", id: "00000000-0000-0000-0000-000000000000", partitions };
  let producerId = 1;
  const writer = new RecordWriter({
    topic,
    transactionalId: null,
    clientId: "test",
    clock: impatientClock,
    signal: new AbortController().signal,
    onRetry: () => {},
    describeTopic: async () => topic,
    renewIdentity: async () => ({ producerId: ++producerId, producerEpoch: 0 }),
    fencedError: () => producerFenced("test"),
    identity: { producerId, producerEpoch: 0 },
    codec: "none",
    batchBytes: 400,
    bufferBytes: 4_000,
    addPartitions: async () => {},
    ...given,
  });
  running.push({ leader, writer });
  return { leader, writer };
}

const closed = new ClickstreamError({ code: "CLOSED", message: "the test is over", nextStep: "none" });
afterEach(async () => {
  for (const { leader, writer } of running.splice(0)) {
    writer.close(closed);
    await leader.stop();
  }
});

/** Writes `count` values, `n0`, `n1` … over the partitions in turn; returns what each log must hold. */
async function write(writer: RecordWriter, count: number, sendEvery: number): Promise<Map<number, string[]>> {
  const expected = new Map<number, string[]>();
  for (let n = 0; n < count; n++) {
    const value = Buffer.from(`n${n}`);
    const partition = n % PARTITIONS;
    writer.append(partition, 1_000 + n, null, 0, 0, value, 0, value.length);
    expected.set(partition, [...(expected.get(partition) ?? []), String(value)]);
    if (n % sendEvery === 0) {
      writer.send();
      await writer.ready();
    }
  }
  return expected;
}

const chance = fc.constantFrom(0, 0.05, 0.3);

test("whatever breaks, every record arrives once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ breakBefore: chance, breakAfter: chance, notLeader: chance, tooSlow: chance }),
      fc.integer(),
      fc.constantFrom(...CODECS),
      fc.boolean(),
      async (faults, seed, codec, transactional) => {
        const { leader, writer } = await start(seed, {
          codec,
          transactionalId: transactional ? "test" : null,
        });
        leader.faults = faults;
        const expected = await write(writer, 600, 7);
        await writer.flush();
        assert.deepEqual(leader.logs, expected);
      },
    ),
    { numRuns: 20 },
  );
});

test("records that a broker refuses are named, all others arrive in order", async () => {
  const { leader, writer } = await start(1, { batchBytes: 2_000 });
  leader.maxBatchBytes = 500;
  leader.invalidValue = "n100";
  const expected = await write(writer, 600, 60);
  const large = Buffer.alloc(700, "x");
  const key = Buffer.from("the key");
  const headers = [{ name: "why", value: Buffer.from("because") }];
  writer.append(2, 77, key, 0, key.length, large, 0, large.length, headers);
  await assert.rejects(writer.flush(), (error: unknown) => {
    assert(error instanceof RecordsRefusedError);
    const byReason = Object.groupBy(error.records, ({ reason }) => reason);
    assert.deepEqual(
      byReason.INVALID_RECORD?.map(({ value }) => String(value)),
      ["n100"],
    );
    assert.equal(byReason.INVALID_RECORD?.[0]?.detail, "not a good one");
    const expectedRefusal = { partition: 2, timestampMs: 77, key, value: large, headers };
    assert.deepEqual(
      byReason.MESSAGE_TOO_LARGE?.map(({ reason: _, detail, ...rest }) => {
        assert.match(detail, /larger than/);
        return rest;
      }),
      [expectedRefusal],
    );
    return true;
  });
  expected.set(
    100 % PARTITIONS,
    expected.get(100 % PARTITIONS)!.filter((value) => value !== "n100"),
  );
  assert.deepEqual(leader.logs, expected);

  const after = Buffer.from("after");
  writer.append(2, 78, null, 0, 0, after, 0, after.length);
  await writer.flush();
  assert.equal(leader.logs.get(2)?.at(-1), "after");
});

test("without a transaction, a broker that forgot the producer gets everything under a new id", async () => {
  const { leader, writer } = await start(2);
  await write(writer, 30, 1);
  await writer.flush();
  leader.forgetProducers();
  const before = leader.logs.get(0)!.length;
  const values = ["a", "b", "c"].map((text) => Buffer.from(text));
  for (const value of values) {
    writer.append(0, 5, null, 0, 0, value, 0, value.length);
    writer.send();
  }
  await writer.flush();
  assert.deepEqual(leader.logs.get(0)?.slice(before), ["a", "b", "c"]);
});

test("in a transaction, a broker that forgot the producer ends it", async () => {
  const { leader, writer } = await start(3, { transactionalId: "test" });
  await write(writer, 30, 1);
  await writer.flush();
  leader.forgetProducers();
  await assert.rejects(
    async () => {
      await write(writer, 30, 1);
      await writer.flush();
    },
    { code: "TRANSACTION_LOST" },
  );
  await writer.discard();
  writer.resume({ producerId: 99, producerEpoch: 0 });
  const expected = leader.logs.get(0)!.length + 10;
  await write(writer, 30, 1);
  await writer.flush();
  assert.equal(leader.logs.get(0)?.length, expected);
});

test("no batch leaves before its partition belongs to the transaction", async () => {
  const added = Promise.withResolvers<void>();
  const asked: number[][] = [];
  const { leader, writer } = await start(4, {
    transactionalId: "test",
    addPartitions: (partitions) => {
      asked.push([...partitions]);
      return added.promise;
    },
  });
  const value = Buffer.from("v");
  writer.append(0, 5, null, 0, 0, value, 0, 1);
  writer.send();
  writer.append(2, 5, null, 0, 0, value, 0, 1);
  const flushed = writer.flush();
  assert.deepEqual(asked, [[0]]);
  assert.equal(leader.logs.size, 0);
  added.resolve();
  await flushed;
  assert.deepEqual(asked, [[0], [2]]);
  assert.deepEqual([...leader.logs.keys()].sort(), [0, 2]);
});

test("what waits gets the error when the producer is closed", async () => {
  const { leader, writer } = await start(5);
  leader.faults.breakBefore = 1;
  const value = Buffer.from("v");
  writer.append(0, 5, null, 0, 0, value, 0, 1);
  const flushed = assert.rejects(writer.flush(), closed);
  writer.close(closed);
  await flushed;
  await assert.rejects(writer.ready(), closed);
});
