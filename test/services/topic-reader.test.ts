import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { Admin } from "@platformatic/kafka";
import { systemClock } from "../../src/core/clock.ts";
import { Cluster, type TopicDescription } from "../../src/kafka/cluster.ts";
import { CODECS } from "../../src/kafka/compression.ts";
import { Producer, type ProducerOptions } from "../../src/kafka/producer.ts";
import { OffsetOutOfRangeError } from "../../src/kafka/reader-errors.ts";
import { startBroker, type TestBroker } from "./broker.ts";
import { type Reading, startReading } from "./reading.ts";

let broker: TestBroker;
let cluster: Cluster;
let removeBroker = async (): Promise<void> => {};
const kafka = () => ({ brokers: broker.brokers, clientId: "test" });
const producers: Producer[] = [];
const readings: Reading[] = [];

before(async () => {
  broker = await startBroker({ after: (remove) => (removeBroker = remove) });
  cluster = await Cluster.connect(kafka());
});
afterEach(async () => {
  for (const { reader } of readings.splice(0)) await reader.close();
  for (const producer of producers.splice(0)) await producer.close();
});
after(async () => {
  await cluster.close();
  await removeBroker();
});

async function openProducer(
  topic: TopicDescription,
  options: Partial<ProducerOptions> = {},
): Promise<Producer> {
  const producer = await Producer.open({
    kafka: kafka(),
    topic,
    clock: systemClock,
    codec: "none",
    ...options,
  });
  producers.push(producer);
  return producer;
}

async function read(
  topic: TopicDescription,
  options: Partial<Parameters<typeof startReading>[0]> = {},
): Promise<Reading> {
  const assignments = topic.partitions.map(({ partition }) => ({ partition, offset: 0 }));
  const reading = await startReading({ kafka: kafka(), topic, assignments, maxWaitMs: 100, ...options });
  readings.push(reading);
  return reading;
}

/** Reads everything that is committed now. */
async function readAll(topic: TopicDescription, options: Partial<Parameters<typeof startReading>[0]> = {}) {
  const ends = await cluster.offsets(topic, "lastStable");
  const assignments = [...ends].map(([partition, endOffset]) => ({ partition, offset: 0, endOffset }));
  const reading = await read(topic, { assignments, ...options });
  await reading.until(({ positions }) =>
    [...ends].every(([partition, end]) => positions.get(partition) === end),
  );
  return reading;
}

function append(producer: Producer, partition: number, text: string | null): void {
  const value = text === null ? null : Buffer.from(text);
  producer.append(partition, 1_700_000_000_000, null, 0, 0, value, 0, value?.length ?? 0);
}

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `${from + i}`);
const sorted = (values: Iterable<string | null>) => [...values].sort((a, b) => Number(a) - Number(b));

test("records arrive while they are produced, each once", async () => {
  const topic = await cluster.createTopic("live", { partitions: 3 });
  const reading = await read(topic);
  const producer = await openProducer(topic);
  for (let n = 0; n < 30_000; n++) {
    append(producer, n % 3, `${n}`);
    if (n % 1000 === 999) await producer.flush();
  }
  await reading.until(({ values }) => values.size === 30_000);
  assert.deepEqual(sorted(reading.values.values()), numbers(30_000));
  for (const { partition } of topic.partitions) {
    await reading.until(({ caughtUp }) =>
      caughtUp.some((info) => info.partition === partition && info.position === 10_000),
    );
    assert.equal(reading.highWatermarks.get(partition), 10_000);
  }
});

test("every codec, null values, and a start in the middle of a batch", async () => {
  for (const codec of CODECS) {
    const topic = await cluster.createTopic(`codec-${codec}`, { partitions: 1 });
    const producer = await openProducer(topic, { codec });
    for (let n = 0; n < 5_000; n++) append(producer, 0, n % 7 === 0 ? null : `${n} of ${codec}`);
    await producer.flush();
    const reading = await read(topic, { assignments: [{ partition: 0, offset: 10, endOffset: 4_990 }] });
    await reading.until(({ positions }) => positions.get(0) === 4_990);
    assert.deepEqual(
      [...reading.values],
      numbers(4_980, 10).map((n) => [`0/${n}`, Number(n) % 7 === 0 ? null : `${n} of ${codec}`]),
    );
  }
});

test("a topic with log-append time has the broker's timestamps", async () => {
  const topic = await cluster.createTopic("append-time", {
    partitions: 1,
    configs: { "message.timestamp.type": "LogAppendTime" },
  });
  const producer = await openProducer(topic);
  append(producer, 0, "x");
  await producer.flush();
  const reading = await readAll(topic);
  assert(reading.timestamps.every((timestampMs) => Math.abs(timestampMs - Date.now()) < 600_000));
});

test("aborted transactions stay invisible, however they interleave and wherever fetches are cut", async () => {
  const topic = await cluster.createTopic("transactions", { partitions: 2 });
  const writers = await Promise.all(
    ["a", "b", "c"].map((id) =>
      openProducer(topic, { transactionalId: id, codec: id === "b" ? "lz4" : "none" }),
    ),
  );
  const plain = await openProducer(topic);
  const wanted: string[] = [];
  const inTransaction: string[][] = [[], [], []];
  let n = 0;
  // Writer i ends its transaction in every (i + 2)nd round, with every other end an abort.
  for (let round = 0; round < 24; round++) {
    for (const [i, writer] of writers.entries()) {
      if (inTransaction[i]!.length === 0) writer.begin();
      for (let k = 0; k < 20; k++, n++) {
        append(writer, n % 2, `${n}`);
        inTransaction[i]!.push(`${n}`);
      }
      await writer.flush();
      if (round % (i + 2) !== i) continue;
      if ((round / (i + 2)) & 1) {
        await writer.abort();
      } else {
        await writer.commit();
        wanted.push(...inTransaction[i]!);
      }
      inTransaction[i] = [];
    }
    append(plain, 0, `${n}`);
    wanted.push(`${n++}`);
    await plain.flush();
  }
  for (const writer of writers) await writer.abort();
  for (const partitionMaxBytes of [1, 2_000, 2 << 20]) {
    const { values } = await readAll(topic, { partitionMaxBytes });
    assert.deepEqual(sorted(values.values()), sorted(wanted));
  }
});

test("an open transaction holds back what is behind it until it is decided", async () => {
  const topic = await cluster.createTopic("open-transaction", { partitions: 1 });
  const writer = await openProducer(topic, { transactionalId: "open" });
  const plain = await openProducer(topic);
  writer.begin();
  append(writer, 0, "1");
  await writer.flush();
  append(plain, 0, "2");
  await plain.flush();
  const reading = await read(topic);
  await reading.until(({ caughtUp }) => caughtUp.length >= 2);
  assert.equal(reading.values.size, 0);
  assert.deepEqual(
    { position: reading.caughtUp[0]!.position, highWatermark: reading.caughtUp[0]!.highWatermark },
    { position: 0, highWatermark: 2 },
  );
  await writer.commit();
  await reading.until(({ values }) => values.size === 2);
  assert.deepEqual(
    [...reading.values],
    [
      ["0/0", "1"],
      ["0/1", "2"],
    ],
  );
  await reading.until(({ positions }) => positions.get(0) === 3); // behind the marker
});

test("batches larger than a fetch's limits arrive whole", async () => {
  const topic = await cluster.createTopic("large", { partitions: 3 });
  const producer = await openProducer(topic, { batchBytes: 900_000 });
  for (let n = 0; n < 60; n++) append(producer, n % 3, `${n} ${"x".repeat(40_000)}`);
  await producer.flush();
  const { values } = await readAll(topic, { maxBytes: 1_000, partitionMaxBytes: 1_000 });
  assert.deepEqual(sorted([...values.values()].map((value) => value!.split(" ")[0]!)), numbers(60));
});

test("nothing comes while paused, and nothing is missing after it", async () => {
  const topic = await cluster.createTopic("paused", { partitions: 2 });
  const producer = await openProducer(topic, { batchBytes: 2_000 });
  for (let n = 0; n < 20_000; n++) append(producer, n % 2, `${n}`);
  await producer.flush();
  let batches = 0;
  const reading = await read(topic, {
    partitionMaxBytes: 20_000,
    onBatch() {
      batches++;
      reading.reader.pause();
    },
  });
  for (let expected = 1; reading.values.size < 20_000; expected++) {
    await reading.until(() => batches === expected);
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    assert.equal(batches, expected);
    reading.reader.resume();
    assert.equal(batches, expected, "not before resume returns");
  }
  assert.deepEqual(sorted(reading.values.values()), numbers(20_000));
});

test("a broker that dies and comes back delays reading, without gap or repeat", async () => {
  const topic = await cluster.createTopic("restart", { partitions: 2 });
  const producer = await openProducer(topic, { batchBytes: 5_000 });
  for (let n = 0; n < 50_000; n++) append(producer, n % 2, `${n}`);
  await producer.flush();
  let isKilled = false;
  const reading = await read(topic, {
    partitionMaxBytes: 20_000,
    onBatch() {
      if (!isKilled && reading.values.size > 20_000) reading.reader.pause();
    },
  });
  await reading.until(({ values }) => values.size > 20_000);
  await broker.kill9();
  isKilled = true;
  reading.reader.resume();
  const restarted = broker.start();
  for (let n = 50_000; n < 60_000; n++) append(producer, n % 2, `${n}`);
  await producer.flush();
  await restarted;
  await reading.until(({ values }) => values.size === 60_000);
  assert(reading.retries.length > 0);
  assert.deepEqual(sorted(reading.values.values()), numbers(60_000));
});

test("records that were deleted before they were read are an error that says which", async () => {
  const topic = await cluster.createTopic("deleted-records", { partitions: 2 });
  const producer = await openProducer(topic);
  for (let n = 0; n < 100; n++) append(producer, n % 2, `${n}`);
  await producer.flush();
  const admin = new Admin({ clientId: "test", bootstrapBrokers: [...broker.brokers] });
  await admin.deleteRecords({ topics: [{ name: topic.name, partitions: [{ partition: 1, offset: 30n }] }] });
  await admin.close();
  const reading = await read(topic);
  await assert.rejects(
    reading.until(() => false),
    (error) =>
      error instanceof OffsetOutOfRangeError &&
      error.code === "OFFSET_OUT_OF_RANGE" &&
      error.partition === 1 &&
      error.asked === 0 &&
      error.earliest === 30,
  );
});

test("an offset behind the end is an error too, once the broker insists", async () => {
  const topic = await cluster.createTopic("short", { partitions: 1 });
  const reading = await read(topic, { assignments: [{ partition: 0, offset: 5 }] });
  await assert.rejects(
    reading.until(() => false),
    { code: "OFFSET_OUT_OF_RANGE", partition: 0, asked: 5, earliest: 0 },
  );
});

for (const isCreatedAgain of [false, true]) {
  test(`a topic that is deleted${isCreatedAgain ? " and created again" : ""} is TOPIC_CHANGED`, async () => {
    const name = `deleted-${isCreatedAgain}`;
    const topic = await cluster.createTopic(name, { partitions: 1 });
    const reading = await read(topic);
    await reading.until(({ caughtUp }) => caughtUp.length > 0);
    await cluster.deleteTopic(name);
    if (isCreatedAgain) await cluster.createTopic(name, { partitions: 1 });
    await assert.rejects(
      reading.until(() => false),
      { code: "TOPIC_CHANGED" },
    );
  });
}

test("a closed reader is silent, and so is one that has reached its ends", async () => {
  const topic = await cluster.createTopic("closed", { partitions: 1 });
  const producer = await openProducer(topic);
  for (let n = 0; n < 10; n++) append(producer, 0, `${n}`);
  await producer.flush();
  const ended = await read(topic, { assignments: [{ partition: 0, offset: 3, endOffset: 7 }] });
  const closed = await read(topic, { onBatch: () => void closed.reader.close() });
  await ended.until(({ positions }) => positions.get(0) === 7);
  await closed.until(({ positions }) => positions.get(0) === 10);
  for (let n = 0; n < 10; n++) append(producer, 0, `${n}`);
  await producer.flush();
  const witness = await readAll(topic); // by now both would have been told
  assert.equal(witness.values.size, 20);
  assert.deepEqual([...ended.values.keys()], ["0/3", "0/4", "0/5", "0/6"]);
  assert.equal(closed.values.size, 10);
  assert.deepEqual([ended.caughtUp, closed.caughtUp], [[], []]);
});
