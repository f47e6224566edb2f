import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { Clock } from "../../src/core/clock.ts";
import type { ClickstreamError } from "../../src/core/errors.ts";
import { TopicReader, type TopicReaderOptions } from "../../src/kafka/topic-reader.ts";
import { encodeBatch } from "./encoded-batch.ts";
import { ScriptedBroker, TOPIC_ID } from "./scripted-broker.ts";

let broker: ScriptedBroker;
let reader: TopicReader | undefined;
let nowMs: number;
let told: string[];
let listeners: (() => void)[];
/** Time stands still unless the test moves it; waits are over at once. */
const clock: Clock = {
  nowMs: () => nowMs,
  monotonicMs: () => nowMs,
  sleep: () => new Promise((resolve) => setImmediate(resolve)),
};

beforeEach(async () => {
  broker = await ScriptedBroker.start(2);
  nowMs = 1_000;
  told = [];
  listeners = [];
});
afterEach(async () => {
  await reader?.close();
  reader = undefined;
  await broker.stop();
});

function tell(line: string): void {
  told.push(line);
  for (const listener of listeners.splice(0)) listener();
}

/** Resolves when the handler has been told something that starts with `line`. */
async function until(line: string): Promise<void> {
  while (!told.some((each) => each.startsWith(line)))
    await new Promise<void>((resolve) => listeners.push(resolve));
}

async function open(
  partitions: number[],
  options: Partial<TopicReaderOptions> & { onBatch?: () => void } = {},
): Promise<TopicReader> {
  const leader = { nodeId: 1, host: "127.0.0.1", port: broker.port };
  reader = await TopicReader.open({
    kafka: { brokers: [`127.0.0.1:${broker.port}`], clientId: "test" },
    clock,
    topic: { name: "clicks", id: TOPIC_ID, partitions: [0, 1].map((partition) => ({ partition, leader })) },
    assignments: partitions.map((partition) => ({ partition, offset: 10 })),
    handler: {
      batch(partition, records, nextOffset) {
        const values = Array.from({ length: records?.count ?? 0 }, (_, row) =>
          records!.bytes.toString("utf8", records!.valueStart[row], records!.valueEnd[row]),
        );
        tell(`batch ${partition}: ${values.join(" ")} → ${nextOffset}`);
        options.onBatch?.();
      },
      caughtUp: (partition, { sentAtMs, position, highWatermark }) =>
        tell(`caught up ${partition}: sent ${sentAtMs}, ${position} of ${highWatermark}`),
      ends() {},
      failed: (error: ClickstreamError) => tell(`failed ${error.code}: ${error.message}`),
    },
    onRetry: (reason) => tell(`retry: ${reason}`),
    ...options,
  });
  assert.deepEqual(told, [], "nothing is told before open has resolved");
  return reader;
}

function batch(baseOffset: number, values: string[]): Buffer {
  return encodeBatch({
    baseOffset,
    baseTimestampMs: 5,
    maxTimestampMs: 5,
    codec: "none",
    records: values.map((value, i) => ({
      offsetDelta: i,
      timestampDelta: 0,
      key: null,
      value: Buffer.from(value),
      headers: [],
    })),
  });
}

test("the next fetch is sent before the records are walked, from the offsets behind them", async () => {
  await open([0, 1], { onBatch: () => reader!.pause() }); // a paused reader sends nothing
  const first = await broker.nextFetch();
  assert.deepEqual(first.partitions, [
    { partition: 0, fetchOffset: 10 },
    { partition: 1, fetchOffset: 10 },
  ]);
  await first.respond([
    { partition: 0, batches: [batch(10, ["a", "b"]), batch(12, ["c"])] },
    { partition: 1, batches: [batch(15, ["d"])] },
  ]);
  const second = await broker.nextFetch();
  assert.deepEqual(
    second.partitions,
    [
      { partition: 1, fetchOffset: 16 },
      { partition: 0, fetchOffset: 13 },
    ],
    "each partition gets its turn to be first",
  );
  assert.deepEqual(told, ["batch 0: a b → 12"]);
  reader!.resume();
  await until("batch 0: c → 13");
});

test("a response arrives in pieces of any size, also one larger than a frame", async () => {
  await open([0], { maxBytes: 100 });
  const large = "x".repeat(200_000);
  for (const [pieceBytes, offset] of [
    [1, 10],
    [3, 11],
    [7, 12],
  ] as const) {
    const fetch = await broker.nextFetch();
    await fetch.respond([{ partition: 0, batches: [batch(offset, ["small"])] }], { pieceBytes });
    await until(`batch 0: small → ${offset + 1}`);
  }
  for (const offset of [13, 14, 15]) {
    const fetch = await broker.nextFetch();
    await fetch.respond([{ partition: 0, batches: [batch(offset, [large])] }], { pieceBytes: 30_001 });
    await until(`batch 0: ${large} → ${offset + 1}`);
  }
});

test("a batch that is cut off at the end is asked for again", async () => {
  await open([0]);
  const [whole, cut] = [batch(10, ["a"]), batch(11, ["b"])];
  await (await broker.nextFetch()).respond([
    { partition: 0, batches: [whole, cut.subarray(0, cut.length - 1)] },
  ]);
  const again = await broker.nextFetch();
  assert.equal(again.partitions[0]?.fetchOffset, 11);
  await again.respond([{ partition: 0, batches: [cut] }]);
  await until("batch 0: b → 12");
  assert.deepEqual(told, ["batch 0: a → 11", "batch 0: b → 12"]);
});

test("caught up tells when the fetch was sent, not when it was answered", async () => {
  await open([0, 1]);
  const first = await broker.nextFetch();
  nowMs = 2_000;
  await first.respond([
    { partition: 0, highWatermark: 10 },
    { partition: 1, batches: [batch(10, ["a"])] },
  ]);
  const second = await broker.nextFetch();
  nowMs = 3_000;
  await second.respond([
    { partition: 0, highWatermark: 12 },
    { partition: 1, highWatermark: 11 },
  ]);
  await until("caught up 1");
  assert.deepEqual(told, [
    "caught up 0: sent 1000, 10 of 10",
    "batch 1: a → 11",
    "caught up 0: sent 2000, 10 of 12",
    "caught up 1: sent 2000, 11 of 11",
  ]);
});

test("a connection lost in a pause: what had arrived is handed over, the rest is fetched again, nothing twice", async () => {
  await open([0], { onBatch: () => reader!.pause() });
  await (await broker.nextFetch()).respond([{ partition: 0, batches: [batch(10, ["a"]), batch(11, ["b"])] }]);
  await (await broker.nextFetch()).respond([{ partition: 0, batches: [batch(12, ["c"])] }]);
  await until("batch 0: a → 11");
  await broker.stop();
  await new Promise(setImmediate);
  const { port } = broker;
  broker = await ScriptedBroker.start(2, port);
  reader!.resume();
  await until("batch 0: b → 12");
  reader!.resume();
  const again = await broker.nextFetch();
  assert.equal(again.partitions[0]?.fetchOffset, 12);
  await again.respond([{ partition: 0, batches: [batch(12, ["c"])] }]);
  await until("batch 0: c → 13");
  assert.deepEqual(
    told.filter((line) => line.startsWith("batch")),
    ["batch 0: a → 11", "batch 0: b → 12", "batch 0: c → 13"],
  );
});

test("a refused partition is asked for again, the others go on meanwhile", async () => {
  await open([0, 1]);
  const notLeader = 6;
  await (await broker.nextFetch()).respond([
    { partition: 0, errorCode: notLeader },
    { partition: 1, batches: [batch(10, ["a"])] },
  ]);
  const others = await broker.nextFetch();
  assert.deepEqual(others.partitions, [{ partition: 1, fetchOffset: 11 }]);
  await until("retry");
  await others.respond([{ partition: 1, batches: [batch(11, ["b"])] }]);
  for (;;) {
    const fetch = await broker.nextFetch();
    if (fetch.partitions.length === 2) {
      assert.deepEqual(fetch.partitions.find(({ partition }) => partition === 0)?.fetchOffset, 10);
      break;
    }
    await fetch.respond([{ partition: 1, highWatermark: 12 }]);
  }
});

test("a batch whose bytes changed on the way is CORRUPT_BATCH, with what came before it handed over", async () => {
  await open([0]);
  const corrupt = batch(12, ["b"]);
  corrupt[corrupt.length - 2]! ^= 1;
  await (await broker.nextFetch()).respond([{ partition: 0, batches: [batch(10, ["a", "a"]), corrupt] }]);
  await until("failed CORRUPT_BATCH");
  assert.deepEqual(told.slice(0, 1), ["batch 0: a a → 12"]);
  assert.match(told[1]!, /offset 12 of partition 0 of clicks .*checksum/);
});

for (const [name, answer] of [
  ["hangs up", (fetch) => fetch.hangUp()],
  ["speaks something else", (fetch) => fetch.respondRaw(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"))],
  ["answers for another topic", (fetch) => fetch.respond([], { topicId: "f".repeat(32) })],
  [
    "sends a response that ends early",
    (fetch) => fetch.respondRaw(Buffer.from("0000000700000000000000", "hex")),
  ],
] as [string, (fetch: Awaited<ReturnType<ScriptedBroker["nextFetch"]>>) => void][]) {
  test(`a broker that ${name} is asked again over a new connection`, async () => {
    await open([0]);
    answer(await broker.nextFetch());
    await until("retry: ");
    const again = await broker.nextFetch();
    await again.respond([{ partition: 0, batches: [batch(10, ["a"])] }]);
    await until("batch 0: a → 11");
  });
}

test("a partition without a leader is looked for ever more rarely, however well others are read", async () => {
  const delaysMs: number[] = [];
  const enough = Promise.withResolvers<void>();
  const sleep = async (durationMs: number, signal?: AbortSignal): Promise<void> => {
    delaysMs.push(durationMs);
    if (delaysMs.length === 7) {
      enough.resolve();
      return new Promise((resolve) => signal?.addEventListener("abort", () => resolve()));
    }
    const fetch = await broker.nextFetch();
    await fetch.respond([{ partition: 0, highWatermark: 10 }]);
    await until("caught up 0");
    told = [];
  };
  await open([0, 2], { clock: { ...clock, sleep } });
  await enough.promise;
  assert.deepEqual(delaysMs, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
});

test("a broker that insists that it can't read a batch is believed", async () => {
  await open([0]);
  for (let refusal = 0; refusal < 5; refusal++) {
    await (await broker.nextFetch()).respond([{ partition: 0, errorCode: 2 }]);
  }
  await until("failed CORRUPT_BATCH");
  assert.match(told.at(-1)!, /offset 10 of partition 0 of clicks is corrupt: the broker itself/);
});
