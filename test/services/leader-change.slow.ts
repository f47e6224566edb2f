import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../src/core/clock.ts";
import { Cluster } from "../../src/kafka/cluster.ts";
import { Producer } from "../../src/kafka/producer.ts";
import { startBroker } from "./broker.ts";
import { committedRecords } from "./committed-records.ts";

const PARTITIONS = 3;
const COUNT = 9_000;

test("when leaders die, others take over: everything acknowledged is there, once and in order", async (t) => {
  const broker = await startBroker(t, { nodes: 3 });
  const kafka = { brokers: broker.brokers, clientId: "test" };
  const cluster = await Cluster.connect(kafka);
  t.after(() => cluster.close());
  const topic = await cluster.createTopic("events", { partitions: PARTITIONS });
  const reasons = new Set<string>();
  const open = (transactionalId?: string) =>
    Producer.open({
      ...{ kafka, topic, clock: systemClock, codec: "none", batchBytes: 2_000 },
      onRetry: (reason) => reasons.add(reason),
      ...(transactionalId === undefined ? {} : { transactionalId }),
    });
  const producer = await open();
  const other = await open("other");
  t.after(async () => {
    await producer.close();
    await other.close();
  });

  let written = 0;
  let ended = false;
  const append = (to: Producer, text: string): void => {
    const value = Buffer.from(text);
    to.append(written % PARTITIONS, Date.now(), null, 0, 0, value, 0, value.length);
  };
  const writing = (async () => {
    for (; written < COUNT; written++) {
      append(producer, `plain ${written}`);
      if (written % 3_000 === 0) other.begin();
      append(other, `transactional ${written}`);
      if (written % 50 === 49) {
        producer.send();
        other.send();
        await Promise.all([producer.ready(), other.ready()]);
        await delay(5);
      }
      if (written % 3_000 === 2_999) await other.commit();
    }
    await producer.flush();
    await other.visible();
  })();
  const end = () => (ended = true);
  writing.then(end, end);
  for (const share of [0.2, 0.5]) {
    while (written < COUNT * share && !ended) await delay(5);
    const leader = await leaderOfFirst(cluster);
    await broker.kill9(leader);
    while ((await leaderOfFirst(cluster)) === leader) await delay(20);
    await broker.start();
  }
  await writing;

  assert(reasons.size > 0, "the kills were noticed");
  const records = await committedRecords(broker.brokers, "events");
  for (const partition of topic.partitions.map((known) => known.partition)) {
    for (const kind of ["plain", "transactional"]) {
      const numbers = records
        .filter((record) => record.partition === partition && String(record.value).startsWith(kind))
        .map(({ value }) => Number(String(value).split(" ")[1]));
      const expected = Array.from({ length: COUNT / PARTITIONS }, (_, row) => row * PARTITIONS + partition);
      assert.deepEqual(numbers, expected, kind);
    }
  }
});

async function leaderOfFirst(cluster: Cluster): Promise<number> {
  const topic = await cluster.topic("events");
  assert(topic !== undefined);
  return topic.partitions[0]!.leader.nodeId;
}
