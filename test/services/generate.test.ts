import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import {
  Admin,
  FetchIsolationLevels,
  type FetchIsolationLevelValue,
  ListOffsetTimestamps,
} from "@platformatic/kafka";
import { systemClock } from "../../src/core/clock.ts";
import { EVENT_ROOM_BYTES, EventWriter } from "../../src/generator/event-bytes.ts";
import type { GenerationPlan } from "../../src/generator/generation.ts";
import { generatorGroup, positionMetadata } from "../../src/generator/position.ts";
import type { GeneratorProgress } from "../../src/generator/progress-meter.ts";
import { type GeneratorThread, startGeneratorThread } from "../../src/generator/thread.ts";
import { eventNumber } from "../../src/generator/uuid.ts";
import { Cluster } from "../../src/kafka/cluster.ts";
import { partitionOfKey } from "../../src/kafka/murmur2.ts";
import { Producer } from "../../src/kafka/producer.ts";
import { RecordBatchBuilder } from "../../src/kafka/record-encoding.ts";
import { startBroker, type TestBroker } from "./broker.ts";
import { runCommand, startCommand } from "./command-line.ts";
import { type CommittedRecord, committedRecords, visitCommitted } from "./committed-records.ts";

const PARTITIONS = 3;

let broker: TestBroker;
let cluster: Cluster;
let admin: Admin;
let folder: string;
let removeBroker = async (): Promise<void> => {};

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "clickstream-generate-"));
  broker = await startBroker({ after: (remove) => (removeBroker = remove) });
  cluster = await Cluster.connect({ brokers: broker.brokers, clientId: "test" });
  admin = new Admin({ clientId: "test", bootstrapBrokers: broker.brokers });
});
after(async () => {
  await admin.close();
  await cluster.close();
  await removeBroker();
  rmSync(folder, { recursive: true });
});

function planFor(topic: string, given: Partial<GenerationPlan> = {}): GenerationPlan {
  const chances = { lateShare: 0.01, outOfOrderMs: 1_000, brokenShare: 0, duplicateShare: 0 };
  return {
    kafka: { brokers: broker.brokers, clientId: "test" },
    topic,
    settings: { seed: 7, startMs: undefined, users: 500, ...chances },
    events: 5_000,
    rate: null,
    live: null,
    batch: 1_000,
    codec: "lz4",
    refusedPath: join(folder, `${topic}.ndjson`),
    ...given,
  };
}

/** A generator's thread, and the progress that it has told. */
function generate(plan: GenerationPlan): GeneratorThread & { told: GeneratorProgress[] } {
  const told: GeneratorProgress[] = [];
  const thread = startGeneratorThread({
    plan,
    onProgress: (progress) => told.push(progress),
    onRetry: () => {},
  });
  return { ...thread, told };
}

async function createTopic(name: string, configs: Record<string, string> = {}): Promise<void> {
  await cluster.createTopic(name, { partitions: PARTITIONS, configs });
}

function numberOf({ value }: CommittedRecord): number {
  const id = /"event_id":"([^"]+)"/.exec(String(value))?.[1] ?? "";
  return eventNumber(id) ?? Number.NaN;
}

function checkPartition({ key, partition }: CommittedRecord): void {
  const bytes = Buffer.from(key ?? "");
  const expected = partitionOfKey(bytes, 0, bytes.length, PARTITIONS);
  if (partition !== expected) assert.fail(`${key} is in partition ${partition} instead of ${expected}`);
}

/** The numbers of a topic's events, ascending, after a look at their partitions. */
async function numbersOn(topic: string): Promise<number[]> {
  const records = await committedRecords(broker.brokers, topic);
  records.forEach(checkPartition);
  return records.map(numberOf).sort((a, b) => a - b);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

test("killed at any moment, the generator goes on without a gap or a repeat", async () => {
  const topic = "killed";
  const events = 1_000_000;
  // Times long past: brokers forget producers by them, and topics would lose what they are given.
  const command = ["generate", "--brokers", broker.brokers.join(), "--topic", topic];
  command.push("--partitions", `${PARTITIONS}`, "--events", `${events}`, "--start", "2020-02-02T02:02:02Z");
  command.push("--broken", "0", "--users", "300");
  for (let kill = 0; kill < 4; kill++) {
    const { child, ended } = startCommand(folder, ...command);
    while ((await openEvents(topic)) < 10_000 * (kill + 1)) await delay(10);
    child.kill("SIGKILL");
    await ended;
  }
  const { code, stdout, stderr } = await runCommand(folder, ...command);
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).produced, events);

  const times = new Uint8Array(events);
  await visitCommitted(broker.brokers, topic, (record) => {
    checkPartition(record);
    const n = numberOf(record);
    assert(n < events, `event ${n}`);
    times[n]!++;
  });
  assert.equal(
    times.findIndex((count) => count !== 1),
    -1,
    "every number once",
  );
  const gaps = (await endOffsets(topic, FetchIsolationLevels.READ_COMMITTED)) - events;
  assert(gaps > 10_000, `kills in the middle of transactions leave aborted records behind, not just ${gaps}`);
});

/** Sum of a topic's end offsets: of events, aborted records and markers. */
async function endOffsets(topic: string, isolationLevel: FetchIsolationLevelValue): Promise<number> {
  const partitions = Array.from({ length: PARTITIONS }, (_, partitionIndex) => ({
    partitionIndex,
    timestamp: ListOffsetTimestamps.LATEST,
  }));
  const ends = await admin.listOffsets({ topics: [{ name: topic, partitions }], isolationLevel });
  return ends.flatMap(({ partitions }) => partitions).reduce((sum, { offset }) => sum + Number(offset), 0);
}

/** How many records of open transactions a topic holds; 0 when there is no such topic yet. */
async function openEvents(topic: string): Promise<number> {
  if ((await cluster.topic(topic)) === undefined) return 0;
  const all = await endOffsets(topic, FetchIsolationLevels.READ_UNCOMMITTED);
  return all - (await endOffsets(topic, FetchIsolationLevels.READ_COMMITTED));
}

test("a stop in the middle leaves what is committed, and the next run goes on from there", async () => {
  await createTopic("stopped");
  const plan = planFor("stopped", { events: 60_000, rate: 20_000 });
  const first = generate(plan);
  await first.started;
  while ((first.told.at(-1)?.produced ?? 0) === 0) await delay(10);
  first.stop();
  const { produced } = await first.ended;
  assert(produced > 0 && produced < plan.events, `${produced}`);
  assert.deepEqual(await numbersOn("stopped"), upTo(produced));

  const second = generate({ ...plan, rate: null });
  assert.equal((await second.ended).produced, plan.events);
  assert.equal(second.told[0]?.produced, produced);
  assert.deepEqual(await numbersOn("stopped"), upTo(plan.events));
});

test("backlog events arrive a millisecond apart, live ones now, and never earlier than the one before", async () => {
  await createTopic("live");
  const startMs = Date.UTC(2026, 0, 1);
  const settings = { ...planFor("live").settings, startMs };
  const began = Date.now();
  const generator = generate(planFor("live", { settings, events: 2_000, live: { rate: 3_000 }, batch: 500 }));
  while ((generator.told.at(-1)?.produced ?? 0) < 5_000) await delay(10);
  generator.stop();
  const { produced } = await generator.ended;
  const records = await committedRecords(broker.brokers, "live");
  const times = records.toSorted((a, b) => numberOf(a) - numberOf(b)).map(({ timestampMs }) => timestampMs);
  assert.equal(times.length, produced);
  assert.deepEqual(
    times.slice(0, 2_000),
    upTo(2_000).map((n) => startMs + n),
  );
  const live = times.slice(2_000);
  assert(live.every((timeMs, n) => timeMs >= (live[n - 1] ?? began - 1_000) && timeMs <= Date.now()));
  assert.equal(generator.told.at(-1)?.live, true);
});

test("settings other than those of the first run are refused by name", async () => {
  await createTopic("settled");
  const plan = planFor("settled", { events: 100 });
  await generate(plan).ended;
  const otherSeed = generate({ ...plan, settings: { ...plan.settings, seed: 8 } });
  await assert.rejects(otherSeed.started, { code: "USAGE", message: /--seed is 8, but .* with 7/ });
  const otherStart = generate({ ...plan, settings: { ...plan.settings, startMs: 1_000_000_000_000 } });
  await assert.rejects(otherStart.ended, {
    code: "USAGE",
    message: /--start is 2001-09-09T01:46:40.000Z, but/,
  });
  assert.deepEqual(await numbersOn("settled"), upTo(100));
});

test("on a topic that was deleted and created again the generator begins anew", async () => {
  await createTopic("again");
  await generate(planFor("again", { events: 300 })).ended;
  await cluster.deleteTopic("again");
  await createTopic("again");
  const plan = planFor("again", { events: 200 });
  const result = await generate({ ...plan, settings: { ...plan.settings, seed: 8 } }).ended;
  assert.equal(result.produced, 200);
  assert.deepEqual(await numbersOn("again"), upTo(200));
});

test("a position that was left by an earlier topic of that name does not count", async () => {
  // Brokers forget the positions of a deleted topic, but not at once.
  const name = "earlier";
  await createTopic(name);
  const topic = await cluster.topic(name);
  assert(topic !== undefined);
  const plan = planFor(name, { events: 200 });
  const group = generatorGroup(name);
  const settings = { ...plan.settings, startMs: 1_000_000_000_000 };
  const position = { next: 50, lastTimeMs: 0, topicId: "another topic", settings };
  const producer = await Producer.open({
    ...{ kafka: plan.kafka, topic, clock: systemClock, codec: "none", transactionalId: group },
  });
  producer.begin();
  await producer.commit([
    { group, topic: name, partition: 0, offset: position.next, metadata: positionMetadata(position) },
  ]);
  await producer.close();
  await generate(plan).ended;
  assert.deepEqual(await numbersOn(name), upTo(200));
});

test("a second generator on the topic ends the first, which says so", async () => {
  await createTopic("contested");
  const first = generate(planFor("contested", { events: 0, live: { rate: 2_000 }, batch: 200 }));
  while ((first.told.at(-1)?.produced ?? 0) === 0) await delay(10);
  const second = generate(planFor("contested", { events: 0, live: { rate: 2_000 }, batch: 200 }));
  await assert.rejects(first.ended, { code: "PRODUCER_FENCED", message: /clickstream-generator-contested/ });
  while ((second.told.at(-1)?.produced ?? 0) < 1_000) await delay(10);
  second.stop();
  const { produced } = await second.ended;
  assert.deepEqual(await numbersOn("contested"), upTo(produced));
});

test("a topic of others' records is refused: events could be repeated there", async () => {
  await createTopic("foreign");
  const plan = planFor("foreign");
  const topic = await cluster.topic("foreign");
  assert(topic !== undefined);
  const producer = await Producer.open({ kafka: plan.kafka, topic, clock: systemClock, codec: "none" });
  producer.append(0, Date.now(), null, 0, 0, Buffer.from("{}"), 0, 2);
  await producer.flush();
  await producer.close();
  await assert.rejects(generate(plan).ended, { code: "GENERATOR_POSITION_UNKNOWN" });
});

/** Bytes of the smallest batch that can hold each of the first events. */
function batchBytes({ settings, events }: GenerationPlan, startMs: number): number[] {
  const writer = new EventWriter({ ...settings, startMs });
  const bytes = Buffer.alloc(EVENT_ROOM_BYTES);
  return Array.from({ length: events }, (_, n) => {
    const length = writer.write(n, startMs + n, bytes, 0);
    const builder = new RecordBatchBuilder(Buffer.alloc(0));
    builder.append(0, writer.keyBytes, writer.keyStart, writer.keyLength, bytes, 0, length, undefined);
    return builder.length;
  });
}

test("records that Kafka refuses for good are in a file with the reason, the others on the topic", async () => {
  const startMs = Date.UTC(2026, 0, 1);
  const given = planFor("choosy", { events: 400, codec: "none", batch: 100 });
  const plan = { ...given, settings: { ...given.settings, startMs } };
  const sizes = batchBytes(plan, startMs);
  const limit = sizes.toSorted((a, b) => a - b)[200]!;
  await createTopic("choosy", { "max.message.bytes": `${limit}` });
  const { produced, refused } = await generate(plan).ended;
  assert.equal(produced, 400);
  assert.equal(refused, sizes.filter((size) => size > limit).length);
  assert(refused > 0);
  const lines = readFileSync(plan.refusedPath, "utf8").trimEnd().split("\n");
  assert.equal(lines.length, refused);
  const numbers = await numbersOn("choosy");
  for (const line of lines) {
    const { topic, reason, detail, value, key, timestamp } = JSON.parse(line);
    assert.equal(topic, "choosy");
    assert.equal(reason, "MESSAGE_TOO_LARGE");
    assert.match(detail, /larger than/);
    assert.match(Buffer.from(key, "base64").toString(), /./);
    assert(!Number.isNaN(Date.parse(timestamp)));
    const event = JSON.parse(Buffer.from(value, "base64").toString());
    numbers.push(eventNumber(event.event_id) ?? Number.NaN);
  }
  assert.deepEqual(
    numbers.sort((a, b) => a - b),
    upTo(400),
  );
  assert(!existsSync(join(folder, "settled.ndjson")), "no file without a refusal");
});
