import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { ReplayResult } from "../../src/app/dlq/replay-letters.ts";
import { Cluster } from "../../src/kafka/cluster.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";
import { startBroker } from "./broker.ts";
import { startCommand } from "./command-line.ts";
import { committedRecords } from "./committed-records.ts";
import { append, letters } from "./dead-letters.ts";

test("a broker that dies in the middle of a replay changes nothing", async (t) => {
  const LETTERS = 20_000;
  const broker = await startBroker(t);
  const { brokers } = broker;
  const cluster = await Cluster.connect({ brokers, clientId: "test" });
  t.after(() => cluster.close());
  await using folder = await temporaryFolder();
  const topic = await cluster.createTopic("clicks", { partitions: 2 });
  await append(brokers, await cluster.createTopic("clicks.dlq", { partitions: 1 }), letters(LETTERS));

  const args = ["--brokers", brokers.join(), "--topic", "clicks", "--yes", "--json"];
  const replay = startCommand(folder.path, "dlq", "replay", ...args);
  const committed = async () =>
    [...(await cluster.offsets(topic, "lastStable")).values()].reduce((sum, end) => sum + end, 0);
  let sent = 0;
  for (; sent < 1_000; sent = await committed()) await delay(10);
  await broker.kill9();
  assert(sent < LETTERS, `the kill falls into the work: ${sent}`);
  await broker.start();
  const { code, stdout, stderr } = await replay.ended;
  assert.equal(code, 0, stderr);
  assert.equal((JSON.parse(stdout) as ReplayResult).sent, LETTERS);
  const numbers = (await committedRecords(brokers, "clicks")).map(({ value }) => Number(value));
  assert.deepEqual(
    numbers.sort((a, b) => a - b),
    letters(LETTERS).map((_, n) => n),
  );
});
