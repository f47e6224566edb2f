import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import type { ClickstreamError } from "../../src/core/errors.ts";
import { API_VERSIONS, APIS, chooseVersion, decodeApiVersions } from "../../src/kafka/api-versions.ts";
import { Cluster } from "../../src/kafka/cluster.ts";
import { BrokerConnection } from "../../src/kafka/connection.ts";
import { Producer } from "../../src/kafka/producer.ts";
import { TopicReader } from "../../src/kafka/topic-reader.ts";
import { ALL_VERSIONS, versionsFrame } from "./offered-versions.ts";
import { ScriptedBroker, TOPIC_ID } from "./scripted-broker.ts";

const brokers: ScriptedBroker[] = [];

afterEach(async () => {
  for (const broker of brokers.splice(0)) await broker.stop();
});

async function startBroker(): Promise<ScriptedBroker> {
  const broker = await ScriptedBroker.start(1);
  brokers.push(broker);
  return broker;
}

/** A reader of the broker's only partition, and what becomes of it. */
async function readFrom(broker: ScriptedBroker): Promise<{ reader: TopicReader; failed: Promise<Error> }> {
  const { promise: failed, resolve } = Promise.withResolvers<ClickstreamError>();
  const leader = { nodeId: 1, host: "127.0.0.1", port: broker.port };
  const reader = await TopicReader.open({
    kafka: { brokers: [`127.0.0.1:${broker.port}`], clientId: "test" },
    clock: systemClock,
    topic: { name: "clicks", id: TOPIC_ID, partitions: [{ partition: 0, leader }] },
    assignments: [{ partition: 0, offset: 0 }],
    handler: { batch() {}, caughtUp() {}, ends() {}, failed: resolve },
  });
  return { reader, failed };
}

test("the newest version that both sides speak is chosen", () => {
  const offers = (oldest: number, newest: number) => new Map([[1, { oldest, newest }]]);
  assert.equal(chooseVersion(APIS.fetch, offers(0, 99), "a"), APIS.fetch.newest);
  assert.equal(chooseVersion(APIS.fetch, offers(4, 15), "a"), 15);
  assert.equal(chooseVersion(APIS.fetch, offers(17, 20), "a"), 17);
  for (const [offered, message] of [
    [
      offers(0, 12),
      /^Kafka at a:1 is too old: it offers Fetch in versions 0 to 12, and at least 13 is needed/,
    ],
    [
      offers(18, 20),
      /^Kafka at a:1 is too new: it offers Fetch in versions 18 to 20, and at most 17 is needed/,
    ],
    [new Map(), /^Kafka at a:1 is too old: it offers no Fetch/],
  ] as const) {
    assert.throws(() => chooseVersion(APIS.fetch, offered, "a:1"), {
      code: "KAFKA_VERSION_UNSUPPORTED",
      message,
    });
  }
});

test("an answer in the version of very old brokers offers nothing", () => {
  const old = Buffer.from("0023" + "00000001" + "0012" + "0000" + "0002", "hex");
  assert.equal(decodeApiVersions(old).size, 0);
  const body = versionsFrame(0, ALL_VERSIONS).subarray(8);
  assert.deepEqual(decodeApiVersions(body).get(0), { oldest: 9, newest: 11 });
});

test("a connection asks once", async () => {
  const broker = await startBroker();
  const options = { host: "127.0.0.1", port: broker.port, clientId: "test" };
  const connection = await BrokerConnection.connect(options);
  assert.equal(await connection.version(APIS.produce), 11);
  broker.offered = new Map();
  assert.equal(await connection.version(APIS.metadata), 12);
  assert.equal(broker.timesAsked(API_VERSIONS.key), 1);
  connection.close();
});

test("fetches go out in the broker's version", async () => {
  for (const newest of [13, 15, 99]) {
    const broker = await startBroker();
    broker.offered = new Map([...ALL_VERSIONS, [1, { oldest: 0, newest }]]);
    const { reader } = await readFrom(broker);
    const fetch = await broker.nextFetch();
    assert.equal(fetch.version, Math.min(newest, 17));
    assert.deepEqual(fetch.partitions, [{ partition: 0, fetchOffset: 0 }]);
    await reader.close();
  }
});

test("a broker that is too old ends a reader and a cluster's questions at once", async () => {
  const broker = await startBroker();
  broker.offered = new Map([...ALL_VERSIONS, [1, { oldest: 0, newest: 12 }], [3, { oldest: 0, newest: 8 }]]);
  const { failed } = await readFrom(broker);
  assert.match((await failed).message, /too old: it offers Fetch in versions 0 to 12/);
  const cluster = await Cluster.connect({ brokers: [`127.0.0.1:${broker.port}`], clientId: "test" });
  await assert.rejects(cluster.topic("clicks"), { code: "KAFKA_VERSION_UNSUPPORTED", message: /Metadata/ });
  await cluster.close();
});

test("a producer that a broker is too old for fails at once", async () => {
  const broker = await startBroker();
  broker.offered = new Map([...ALL_VERSIONS, [APIS.initProducerId.key, { oldest: 0, newest: 2 }]]);
  const leader = { nodeId: 1, host: "127.0.0.1", port: broker.port };
  const opened = Producer.open({
    kafka: { brokers: [`127.0.0.1:${broker.port}`], clientId: "test" },
    clock: systemClock,
    topic: { name: "clicks", id: TOPIC_ID, partitions: [{ partition: 0, leader }] },
    codec: "none",
  });
  await assert.rejects(opened, { code: "KAFKA_VERSION_UNSUPPORTED", message: /InitProducerId/ });
});
