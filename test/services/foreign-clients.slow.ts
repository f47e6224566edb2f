import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Cluster } from "../../src/kafka/cluster.ts";
import { startBroker, type TestBroker } from "./broker.ts";
import { runCommand } from "./command-line.ts";
import { confluentClient } from "./foreign-clients/confluent.ts";
import { javaClients } from "./foreign-clients/java-clients.ts";
import { kafkajs } from "./foreign-clients/kafkajs.ts";
import { logBatches } from "./foreign-clients/log-batches.ts";
import { type Sent, sum } from "./foreign-clients/sent.ts";

const PARTITION_FETCH_BYTES = 2 << 20;
const confluent = await confluentClient();
const withoutConfluent = "unavailable" in confluent ? confluent.unavailable : false;
const runConfluent = "run" in confluent ? confluent.run : async () => ({});

let broker: TestBroker;
let cluster: Cluster;
let folder: string;
let confluentSent: Record<string, Sent & { sent: number }>;
/** By topic, how many records Confluent's own consumer sees. */
let confluentSeen: Record<string, number>;

// An "after" that "before" calls would run when "before" ends.
const cleanups: (() => Promise<void>)[] = [];
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

before(async () => {
  broker = await startBroker({ after: (cleanup) => cleanups.push(cleanup) });
  folder = mkdtempSync(join(tmpdir(), "clickstream-foreign-"));
  cleanups.push(async () => rmSync(folder, { recursive: true }));
  cluster = await Cluster.connect({ brokers: broker.brokers, clientId: "test" });
  cleanups.push(() => cluster.close());
  await cluster.createTopic("confluent-codecs", { partitions: 1 });
  await cluster.createTopic("confluent-transactions", { partitions: 1 });
  await cluster.createTopic("confluent-timeless", { partitions: 2 });
  await cluster.createTopic("confluent-layouts", { partitions: 2 });
  await cluster.createTopic("confluent-append-time", {
    partitions: 2,
    configs: { "message.timestamp.type": "LogAppendTime" },
  });
  await cluster.createTopic("confluent-compacted", {
    partitions: 1,
    configs: {
      "cleanup.policy": "compact",
      "segment.bytes": `${1 << 20}`,
      "min.cleanable.dirty.ratio": "0.01",
      "min.compaction.lag.ms": "0",
    },
  });
  confluentSent = (await runConfluent("produce", broker.brokers.join())) as typeof confluentSent;
  confluentSeen = await count(...Object.keys(confluentSent));
});

/** Events as some other program would write them, on one line each. */
function someEvents(count: number): string[] {
  const startMs = Date.now() - 60_000;
  return Array.from({ length: count }, (_, n) =>
    JSON.stringify({
      timestamp: new Date(startMs + n).toISOString(),
      session_id: `session-${n % 97}`,
      user_id: `user-${n % 50}`,
      action: ["click", "view", "scroll", "hover"][n % 4],
      url: `/page/${n % 31}`,
      browser: "Firefox",
      device_type: "desktop",
      event_id: `event-${n}`,
    }),
  );
}

/** Runs the engine over all of a topic; what it read must be what was sent, and its rows those of the oracle. */
async function assertCounted(topic: string, sent: Sent): Promise<void> {
  const where = ["--brokers", broker.brokers.join(), "--topic", topic, "--output", topic];
  const { code, stdout, stderr } = await runCommand(folder, "process", ...where, "--until-end", "--finish");
  assert.equal(code, 0, stderr);
  const { read, counted, late, dead } = JSON.parse(stdout);
  const wanted: Record<string, number> = {};
  if (sent.no_record_time) wanted.no_record_time = sent.no_record_time;
  if (sent.not_json) wanted.not_json = sent.not_json;
  assert.deepEqual(
    { read, counted, late, dead: { ...dead } },
    { read: sent.visible, counted: sent.events, late: 0, dead: wanted },
  );
  const verified = await runCommand(folder, "verify", ...where);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
}

async function count(...topics: string[]): Promise<Record<string, number>> {
  return (await runConfluent("count", broker.brokers.join(), ...topics)) as Record<string, number>;
}

/** Confluent's own consumer must see as many records as we are said to have been sent. */
async function assertConfluentTopic(topic: string): Promise<void> {
  const sent = confluentSent[topic]!;
  assert.equal(confluentSeen[topic], sent.visible);
  await assertCounted(topic, sent);
}

const codecsOf = (topic: string) => new Set(logBatches(broker.dir, topic).map(({ codec }) => codec));

test("Confluent's client: every codec, large batches, headers, null keys and values", {
  skip: withoutConfluent,
}, async () => {
  await assertConfluentTopic("confluent-codecs");
  const batches = logBatches(broker.dir, "confluent-codecs");
  assert.deepEqual(codecsOf("confluent-codecs"), new Set([0, 1, 2, 3, 4]));
  assert(batches.some(({ bytes }) => bytes.length > PARTITION_FETCH_BYTES));
});

test("Confluent's client: transactions that are aborted, interleave, outlast a fetch, stay open", {
  skip: withoutConfluent,
}, async () => {
  await assertConfluentTopic("confluent-transactions");
});

test("Confluent's client: the broker's time is used where the topic says so", {
  skip: withoutConfluent,
}, async () => {
  await assertConfluentTopic("confluent-append-time");
  assert(logBatches(broker.dir, "confluent-append-time").every(({ logAppendTime }) => logAppendTime));
});

test("Confluent's client: records without a timestamp are refused by name", {
  skip: withoutConfluent,
}, async () => {
  await assertConfluentTopic("confluent-timeless");
});

test("Python's ways to write JSON down are all counted", { skip: withoutConfluent }, async () => {
  await assertConfluentTopic("confluent-layouts");
});

test("Confluent's client: a compacted topic has holes, and what is left is counted", {
  skip: withoutConfluent,
}, async () => {
  const topic = "confluent-compacted";
  const { sent } = confluentSent[topic]!;
  const left = () =>
    logBatches(broker.dir, topic).reduce((records, { recordCount }) => records + recordCount, 0);
  while (left() > sent - 1_000) await delay(100);
  const seen = (await count(topic))[topic]!;
  await assertCounted(topic, { visible: seen, events: seen - 1, not_json: 1 });
});

test("Java's producers: every codec, snappy in blocks, headers, null keys and values, transactions", async () => {
  const topic = "java";
  await cluster.createTopic(topic, { partitions: 2 });
  await assertCounted(topic, sum(await javaClients(broker.brokers.join(), topic, folder, someEvents(2_000))));
  assert.deepEqual(codecsOf(topic), new Set([0, 1, 2, 3, 4]));
  const snappy = logBatches(broker.dir, topic).filter(({ codec }) => codec === 2);
  assert(snappy.every(({ bytes }) => bytes.includes("\x82SNAPPY\0", 61, "latin1")));
});

test("kafkajs: its codecs, headers, null keys and values, transactions", async () => {
  const topic = "kafkajs";
  await cluster.createTopic(topic, { partitions: 2 });
  await assertCounted(topic, await kafkajs(broker.brokers, topic, someEvents(2_000)));
  assert.deepEqual(codecsOf(topic), new Set([0, 1]));
});

test("a batch that became corrupt stops the engine by name; once it is sound again, nothing is missing", async () => {
  const topic = "corrupt";
  await cluster.createTopic(topic, { partitions: 1 });
  const sent = await kafkajs(broker.brokers, topic, someEvents(1_000));
  const batches = logBatches(broker.dir, topic);
  const { file, start, bytes, baseOffset } = batches[Math.floor(batches.length / 2)]!;
  const write = (position: number, byte: number) => {
    const segment = openSync(file, "r+");
    writeSync(segment, Buffer.of(byte), 0, 1, start + position);
    closeSync(segment);
  };
  const where = ["--brokers", broker.brokers.join(), "--topic", topic, "--output", topic];
  // A record, and the number of the message format.
  for (const position of [bytes.length - 1, 16]) {
    write(position, bytes[position]! ^ 0x10);
    const { code, stderr } = await runCommand(folder, "process", ...where, "--until-end", "--finish");
    assert.equal(code, 1);
    assert.match(
      stderr,
      new RegExp(`record batch at offset ${baseOffset} of partition 0 of corrupt is corrupt`),
    );
    write(position, bytes[position]!);
  }
  await assertCounted(topic, sent);
});
