// Reading from a follower in the reader's rack: two brokers that answer each fetch as the test says.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { Clock } from "../../src/core/clock.ts";
import { TopicReader } from "../../src/kafka/topic-reader.ts";
import { encodeBatch } from "./encoded-batch.ts";
import { ScriptedBroker, TOPIC_ID } from "./scripted-broker.ts";

const NOT_LEADER_OR_FOLLOWER = 6;
const OFFSET_OUT_OF_RANGE = 1;

let leader: ScriptedBroker;
let follower: ScriptedBroker;
let reader: TopicReader;
let nowMs: number;
let told: string[];
const clock: Clock = {
  nowMs: () => nowMs,
  monotonicMs: () => nowMs,
  sleep: () => new Promise((resolve) => setImmediate(resolve)),
};

beforeEach(async () => {
  leader = await ScriptedBroker.start(1);
  follower = await ScriptedBroker.start(1);
  leader.followerPort = follower.port;
  nowMs = 1_000;
  told = [];
});
afterEach(async () => {
  await reader.close();
  await leader.stop();
  await follower.stop();
});

async function open(rack?: string): Promise<void> {
  const node = { nodeId: 1, host: "127.0.0.1", port: leader.port };
  reader = await TopicReader.open({
    kafka: { brokers: [`127.0.0.1:${leader.port}`], clientId: "test", rack },
    clock,
    topic: { name: "clicks", id: TOPIC_ID, partitions: [{ partition: 0, leader: node }] },
    assignments: [{ partition: 0, offset: 10 }],
    handler: {
      batch: (_, __, nextOffset) => told.push(`batch → ${nextOffset}`),
      caughtUp: (_, { position, highWatermark }) => told.push(`caught up: ${position} of ${highWatermark}`),
      ends() {},
      failed: (error) => told.push(`failed ${error.code}`),
    },
    onRetry: (reason) => told.push(`retry: ${reason}`),
  });
}

function batch(baseOffset: number): Buffer {
  const record = { offsetDelta: 0, timestampDelta: 0, key: null, value: Buffer.from("a"), headers: [] };
  return encodeBatch({ baseOffset, baseTimestampMs: 5, maxTimestampMs: 5, codec: "none", records: [record] });
}

/** The next fetch of a broker has to be this. */
async function fetchAt(broker: ScriptedBroker, fetchOffset: number, rack: string) {
  const fetch = await broker.nextFetch();
  assert.deepEqual([fetch.partitions, fetch.rack], [[{ partition: 0, fetchOffset }], rack]);
  return fetch;
}

async function sendToFollower(): Promise<void> {
  const first = await fetchAt(leader, 10, "zone-b");
  await first.respond([{ partition: 0, highWatermark: 20, preferredReplica: 2 }]);
}

test("a follower in the rack is read from, and its leader asked again in between", async () => {
  await open("zone-b");
  await sendToFollower();
  await (await fetchAt(follower, 10, "zone-b")).respond([
    { partition: 0, highWatermark: 11, batches: [batch(10)] },
  ]);
  await (await fetchAt(follower, 11, "zone-b")).respond([{ partition: 0, highWatermark: 11 }]);
  const waiting = await fetchAt(follower, 11, "zone-b");
  assert.deepEqual(told, ["caught up: 10 of 20", "batch → 11"], "only the leader knows the end");
  nowMs += 30_000;
  await waiting.respond([{ partition: 0, highWatermark: 12, batches: [batch(11)] }]);
  await (await fetchAt(leader, 12, "zone-b")).respond([
    { partition: 0, highWatermark: 12, preferredReplica: 2 },
  ]);
  // What the follower had been asked for before, and the same again.
  const before = await follower.nextFetch();
  await before.respond([{ partition: 0, highWatermark: 13, batches: [batch(12)] }]);
  await fetchAt(follower, 13, "zone-b");
  assert.deepEqual(told.slice(2), ["batch → 12", "caught up: 12 of 12", "batch → 13"]);
});

for (const [what, answer] of [
  ["is none any more", { partition: 0, errorCode: NOT_LEADER_OR_FOLLOWER }],
  ["does not have the offset", { partition: 0, errorCode: OFFSET_OUT_OF_RANGE }],
  ["hangs up", undefined],
] as const) {
  test(`a follower that ${what} is left for the leader, who is told no rack for a while`, async () => {
    await open("zone-b");
    await sendToFollower();
    const fetch = await fetchAt(follower, 10, "zone-b");
    if (answer === undefined) fetch.hangUp();
    else await fetch.respond([answer]);
    const back = await fetchAt(leader, 10, "");
    nowMs += 60_000;
    await back.respond([{ partition: 0, highWatermark: 11, batches: [batch(10)] }]);
    await fetchAt(leader, 11, "zone-b");
    assert.equal(told.at(-1), "batch → 11");
    assert(!told.some((line) => line.startsWith("failed")));
  });
}

test("a follower that can't be reached is left for the leader", async () => {
  const { port } = follower;
  await follower.stop();
  follower = await ScriptedBroker.start(1);
  leader.followerPort = port;
  await open("zone-b");
  await sendToFollower();
  await fetchAt(leader, 10, "");
});

test("without a rack nobody is told one", async () => {
  await open();
  await (await fetchAt(leader, 10, "")).respond([{ partition: 0, highWatermark: 11, batches: [batch(10)] }]);
  await fetchAt(leader, 11, "");
});
