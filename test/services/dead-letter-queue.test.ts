import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { DeadLetterQueue } from "../../src/engines/embedded/dead-letter-queue.ts";
import type { DeadLetter } from "../../src/engines/embedded/flush.ts";
import { Cluster } from "../../src/kafka/cluster.ts";
import { startBroker, type TestBroker } from "./broker.ts";
import { committedRecords } from "./committed-records.ts";

let broker: TestBroker;
let cluster: Cluster;
let removeBroker = async (): Promise<void> => {};
const queues: DeadLetterQueue[] = [];

before(async () => {
  broker = await startBroker({ after: (remove) => (removeBroker = remove) });
  cluster = await Cluster.connect({ brokers: broker.brokers, clientId: "test" });
});
after(async () => {
  for (const queue of queues) await queue.close();
  await cluster.close();
  await removeBroker();
});

function openQueue(topic: string, onRetry: (reason: string) => void, clock: Clock): DeadLetterQueue {
  const kafka = { brokers: broker.brokers, clientId: "test" };
  const source = { name: "clicks", id: "00000000-0000-4000-8000-000000000001", partitions: 3 };
  const queue = new DeadLetterQueue({ kafka, cluster, clock, source, topic, onRetry });
  queues.push(queue);
  return queue;
}

const NEVER = new AbortController().signal;
const letter = (partition: number, offset: number, value: Uint8Array | null): DeadLetter => ({
  partition,
  offset,
  reason: "not_json",
  timestampMs: 1_700_000_000_000,
  key: Buffer.from("u1"),
  value,
  headers: [],
});

test("letters arrive as they came, with reason and origin; one that does not fit arrives without its bytes", async () => {
  const queue = openQueue("letters", () => {}, systemClock);
  const large = Buffer.alloc(1_000_000, "x");
  await queue.send([letter(0, 7, Buffer.from("{")), letter(2, 8, null), letter(4, 9, large)], NEVER);
  const records = await committedRecords(broker.brokers, "letters");
  const found = records.map(({ partition, key, value, headers }) => ({
    partition,
    key,
    value: value === null ? null : String(value),
    reason: headers["clickstream.reason"],
    origin: `${headers["clickstream.partition"]}/${headers["clickstream.offset"]}`,
    truncated: headers["clickstream.truncated"],
  }));
  found.sort((a, b) => a.partition - b.partition);
  for (const { timestampMs, headers } of records) {
    assert.equal(headers["clickstream.timestamp"], "1700000000000");
    assert(timestampMs > 1_790_000_000_000, "retention counts from when a letter was written");
  }
  const reason = "not_json";
  const truncated = undefined;
  assert.deepEqual(found, [
    { partition: 0, key: "u1", value: "{", reason, origin: "0/7", truncated },
    { partition: 1, key: null, value: null, reason, origin: "4/9", truncated: "1000000" },
    { partition: 2, key: "u1", value: null, reason, origin: "2/8", truncated },
  ]);
});

test("a topic that several processes want at once is created once, for all of them", async () => {
  const kafka = { brokers: broker.brokers, clientId: "test" };
  const clusters = await Promise.all(Array.from({ length: 8 }, () => Cluster.connect(kafka)));
  const topics = await Promise.all(clusters.map((each) => each.ensureTopic("wanted", { partitions: 2 })));
  await Promise.all(clusters.map((each) => each.close()));
  assert.equal(new Set(topics.map(({ id }) => id)).size, 1);
});

test("a Kafka that is away when the first letter comes is waited for", async () => {
  const waited = Promise.withResolvers<void>();
  const queue = openQueue("letters-later", () => waited.resolve(), systemClock);
  await broker.kill9();
  const sent = queue.send([letter(0, 1, Buffer.from("{"))], NEVER);
  await Promise.race([waited.promise, sent]);
  await broker.start();
  await sent;
  assert.equal((await committedRecords(broker.brokers, "letters-later")).length, 1);
});

test("a stop gives up on a Kafka that stays away; a delivery leaves no timer behind", async () => {
  const pending = new Set<number>();
  const clock: Clock = {
    ...systemClock,
    async sleep(durationMs, signal) {
      pending.add(durationMs);
      await systemClock.sleep(Math.min(durationMs, 500), signal);
      pending.delete(durationMs);
    },
  };
  const stopped = AbortSignal.abort();
  const queue = openQueue("letters-in-time", () => {}, clock);
  await queue.send([letter(0, 1, null)], stopped);
  await setImmediate();
  assert.deepEqual([...pending], [], "the program would not end yet");
  await broker.kill9();
  const late = openQueue("letters-never", () => {}, clock);
  await assert.rejects(late.send([letter(0, 1, null)], stopped), { code: "DEAD_LETTERS_PENDING" });
  await late.close();
});
