// Dead letters are replayed from the page's API: real events, a real engine that reads them again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Cluster } from "../../src/kafka/cluster.ts";
import { freePort } from "../../src/local/ports.ts";
import { pipelineSchema, replayPlanSchema, replaySchema } from "../../src/web/api.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";
import { startBroker } from "./broker.ts";
import { startCommand } from "./command-line.ts";
import { committedRecords } from "./committed-records.ts";
import { append } from "./dead-letters.ts";

const AHEAD_MS = 4_000;

test("events whose time has come are replayed from the page, once, and counted", async (t) => {
  await using folder = await temporaryFolder();
  const { brokers } = await startBroker(t);
  const cluster = await Cluster.connect({ brokers, clientId: "test" });
  t.after(() => cluster.close());
  const topic = await cluster.createTopic("shop", { partitions: 2 });
  const event = (n: number, timestamp: number): string =>
    JSON.stringify({
      ...{ event_id: `e${n}`, user_id: `u${n}`, session_id: "s", url: "/", action: "view" },
      ...{ timestamp, device_type: "tablet", browser: "b" },
    });
  const sentMs = Date.now();
  await append(brokers, topic, [
    ...Array.from({ length: 20 }, (_, n) => event(n, sentMs)),
    ...Array.from({ length: 5 }, (_, n) => event(100 + n, sentMs + AHEAD_MS)),
    "no json",
    "[]]",
  ]);

  const port = await freePort();
  const options = ["--output", "out", "--commit-every", "100ms", "--max-ahead", "1s", "--http", `${port}`];
  const engine = startCommand(
    folder.path,
    ...["process", "--brokers", brokers.join(), "--topic", "shop", ...options],
  );
  const pipeline = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/api/pipeline`).catch(() => undefined);
    return response?.ok ? pipelineSchema.parse(await response.json()) : undefined;
  };
  const post = async (path: string, body: unknown) => {
    const response = await fetch(`http://127.0.0.1:${port}/api/replay${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-requested-by": "clickstream" },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  };
  try {
    while ((await pipeline())?.read !== 27) await delay(50);
    assert.deepEqual((await pipeline())?.dead, { from_the_future: 5, not_json: 2 });
    assert.equal((await pipeline())?.replay, "yes");
    while (Date.now() < sentMs + AHEAD_MS) await delay(50);

    const planned = await post("/plan", { reason: "from_the_future" });
    const plan = replayPlanSchema.parse(planned.body);
    assert.deepEqual([plan.selected, plan.toSend, plan.late, plan.dead], [5, 5, 0, {}]);
    assert.equal((await committedRecords(brokers, "shop")).length, 27, "a plan sends nothing");
    const done = replaySchema.parse((await post("", { confirmation: plan.confirmation })).body);
    assert.deepEqual([done.sent, done.refused, done.complete], [5, 0, true]);
    assert.equal((await post("", { confirmation: plan.confirmation })).status, 409);
    while ((await pipeline())?.counted !== 25) await delay(50);
    assert.deepEqual((await pipeline())?.dead, { from_the_future: 5, not_json: 2 });

    const again = replayPlanSchema.parse((await post("/plan", { reason: "from_the_future" })).body);
    assert.deepEqual([again.replayed, again.toSend, again.confirmation], [5, 0, null]);
    const all = replayPlanSchema.parse((await post("/plan", { reason: null })).body);
    assert.deepEqual([all.selected, all.toSend, all.dead], [7, 2, { not_json: 2 }]);
  } finally {
    engine.child.kill("SIGINT");
  }
  const { code, stderr } = await engine.ended;
  assert.equal(code, 0, stderr);
  assert.equal((await committedRecords(brokers, "shop")).length, 32);
});
