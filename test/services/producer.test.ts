import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { Cluster } from "../../src/kafka/cluster.ts";
import { committedOffset } from "../../src/kafka/committed-offset.ts";
import { CODECS } from "../../src/kafka/compression.ts";
import { Producer, type ProducerOptions } from "../../src/kafka/producer.ts";
import { RecordsRefusedError } from "../../src/kafka/producer-errors.ts";
import { startBroker, type TestBroker } from "./broker.ts";
import { committedRecords } from "./committed-records.ts";

let broker: TestBroker;
let cluster: Cluster;
const producers: Producer[] = [];
let removeBroker = async (): Promise<void> => {};

before(async () => {
  broker = await startBroker({ after: (remove) => (removeBroker = remove) });
  cluster = await Cluster.connect({ brokers: broker.brokers, clientId: "test" });
});
after(async () => {
  for (const producer of producers) await producer.close();
  await cluster.close();
  await removeBroker();
});

async function openProducer(
  topicName: string,
  given: Partial<ProducerOptions> & { configs?: Record<string, string>; partitions?: number } = {},
): Promise<Producer> {
  const { configs = {}, partitions = 3, ...options } = given;
  const topic =
    (await cluster.topic(topicName)) ?? (await cluster.createTopic(topicName, { partitions, configs }));
  const producer = await Producer.open({
    kafka: { brokers: broker.brokers, clientId: "test" },
    topic,
    clock: systemClock,
    codec: "none",
    ...options,
  });
  producers.push(producer);
  return producer;
}

function append(producer: Producer, partition: number, text: string): void {
  const value = Buffer.from(text);
  producer.append(partition, Date.now(), value, 0, value.length, value, 0, value.length);
}

async function valuesOf(topic: string): Promise<string[]> {
  return (await committedRecords(broker.brokers, topic)).map(({ value }) => String(value));
}

test("records are read back as they were appended, with every codec", async () => {
  for (const codec of CODECS) {
    const producer = await openProducer(`codec-${codec}`, { codec, partitions: 1 });
    const headers = [{ name: "reason", value: Buffer.from("because") }];
    const values = Array.from({ length: 100 }, (_, n) => Buffer.from(`value ${n} `.repeat(n)));
    for (const value of values)
      producer.append(0, 1_700_000_000_000, null, 0, 0, value, 0, value.length, headers);
    producer.append(0, 1_700_000_000_001, Buffer.from("key"), 1, 2, null, 0, 0);
    await producer.flush();
    const records = await committedRecords(broker.brokers, `codec-${codec}`);
    assert.deepEqual(
      records.map(({ key, value, timestampMs }) => ({ key, value, timestampMs })),
      [
        ...values.map((value) => ({ key: null, value, timestampMs: 1_700_000_000_000 })),
        { key: "ey", value: null, timestampMs: 1_700_000_000_001 },
      ],
    );
  }
});

test("a transaction is visible after its commit, with the offsets, and never after an abort", async () => {
  const topic = "transactions";
  const producer = await openProducer(topic, { transactionalId: "transactions" });
  const query = {
    kafka: { brokers: broker.brokers, clientId: "test" },
    clock: systemClock,
    ...{ group: "positions", topic, partition: 0, signal: new AbortController().signal, onRetry() {} },
  };
  const position = (offset: number) => [
    { group: "positions", topic, partition: 0, offset, metadata: `at ${offset}` },
  ];
  assert.equal(await committedOffset(query), undefined);

  producer.begin();
  append(producer, 0, "aborted");
  await producer.flush();
  await producer.abort();

  producer.begin();
  append(producer, 0, "first");
  append(producer, 2, "second");
  await producer.commit(position(2));
  assert.deepEqual(await committedOffset(query), { offset: 2, metadata: "at 2" });

  producer.begin();
  append(producer, 0, "aborted too");
  await producer.abort();
  producer.begin();
  await producer.commit(position(7));
  producer.begin();
  append(producer, 0, "third");
  await producer.commit();
  await producer.visible();

  assert.deepEqual((await valuesOf(topic)).sort(), ["first", "second", "third"]);
  assert.deepEqual(await committedOffset(query), { offset: 7, metadata: "at 7" });
});

test("a second producer with the id fences the first and aborts what it left open", async () => {
  const first = await openProducer("fencing", { transactionalId: "fencing" });
  first.begin();
  append(first, 0, "of the first");
  await first.flush();
  const second = await openProducer("fencing", { transactionalId: "fencing" });
  second.begin();
  append(second, 0, "of the second");
  await second.commit();
  await second.visible();
  await assert.rejects(first.commit(), { code: "PRODUCER_FENCED" });
  await assert.rejects(first.abort(), { code: "PRODUCER_FENCED" });
  assert.deepEqual(await valuesOf("fencing"), ["of the second"]);
});

test("what the broker refuses for good is named, and the transaction holds the rest", async () => {
  const configs = { "max.message.bytes": "3000" };
  for (const codec of ["none", "lz4"] as const) {
    const topic = `refusing-${codec}`;
    const producer = await openProducer(topic, { transactionalId: topic, configs, codec, partitions: 1 });
    producer.begin();
    for (let n = 0; n < 300; n++) append(producer, 0, `value ${n}`);
    append(producer, 0, Array.from({ length: 3_000 }, (_, n) => n.toString(36)).join(""));
    for (let n = 300; n < 600; n++) append(producer, 0, `value ${n}`);
    await assert.rejects(producer.commit(), (error) => {
      assert(error instanceof RecordsRefusedError);
      assert.deepEqual(
        error.records.map(({ reason, partition }) => ({ reason, partition })),
        [{ reason: "MESSAGE_TOO_LARGE", partition: 0 }],
      );
      return true;
    });
    await producer.commit();
    await producer.visible();
    assert.deepEqual(
      await valuesOf(topic),
      Array.from({ length: 600 }, (_, n) => `value ${n}`),
    );
  }
});

test("a record without the key that a compacted topic needs is named alone", async () => {
  const producer = await openProducer("compacted", {
    configs: { "cleanup.policy": "compact" },
    partitions: 1,
  });
  append(producer, 0, "before");
  producer.append(0, 1_700_000_000_000, null, 0, 0, Buffer.from("keyless"), 0, 7);
  append(producer, 0, "behind");
  await assert.rejects(producer.flush(), (error) => {
    assert(error instanceof RecordsRefusedError);
    assert.deepEqual(
      error.records.map(({ reason, value }) => [reason, String(value)]),
      [["INVALID_RECORD", "keyless"]],
    );
    return true;
  });
  assert.deepEqual(await valuesOf("compacted"), ["before", "behind"]);
});

test("through kills of the broker everything acknowledged is there, once and in order", async () => {
  const retries: string[] = [];
  const onRetry = (reason: string) => retries.push(reason);
  const plain = await openProducer("surviving", { onRetry, batchBytes: 2_000 });
  const transactional = await openProducer("surviving-too", {
    onRetry,
    transactionalId: "surviving",
    batchBytes: 2_000,
  });
  const count = 6_000;
  let written = 0;
  const writing = (async () => {
    for (; written < count; written++) {
      if (written % 1_000 === 0) transactional.begin();
      append(plain, written % 3, `${written}`);
      append(transactional, written % 3, `${written}`);
      if (written % 50 === 49) {
        plain.send();
        await plain.ready();
        transactional.send();
        await transactional.ready();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      if (written % 1_000 === 999) await transactional.commit();
    }
    await plain.flush();
    await transactional.visible();
  })();
  let ended = false;
  const end = () => (ended = true);
  writing.then(end, end);
  for (const share of [0.2, 0.6]) {
    while (written < count * share && !ended) await new Promise((resolve) => setTimeout(resolve, 5));
    await broker.kill9();
    await broker.start();
  }
  await writing;
  assert(retries.length > 0, "the kills were noticed");
  for (const topic of ["surviving", "surviving-too"]) {
    const records = await committedRecords(broker.brokers, topic);
    for (const partition of [0, 1, 2]) {
      const values = records
        .filter((record) => record.partition === partition)
        .map(({ value }) => Number(value));
      assert.deepEqual(
        values,
        Array.from({ length: count / 3 }, (_, row) => row * 3 + partition),
        topic,
      );
    }
  }
});
