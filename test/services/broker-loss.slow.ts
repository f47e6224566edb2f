import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Cluster } from "../../src/kafka/cluster.ts";
import type { Manifest } from "../../src/sinks/manifest.ts";
import { startBroker } from "./broker.ts";
import { runCommand, startCommand } from "./command-line.ts";

const EVENTS = 60_000;

test("one of three brokers is killed while events are made and read: both go on, every row is right", async (t) => {
  const broker = await startBroker(t, { nodes: 3, heapMb: 192 });
  const folder = mkdtempSync(join(tmpdir(), "clickstream-loss-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const cluster = await Cluster.connect({ brokers: broker.brokers, clientId: "test" });
  t.after(() => cluster.close());
  const topic = await cluster.createTopic("clicks", { partitions: 3, replicationFactor: 3 });
  const victim = topic.partitions[0]!.leader;
  // Nobody is told of another broker than the one that dies.
  const onTopic = ["--brokers", `${victim.host}:${victim.port}`, "--topic", "clicks"];
  const read = (): number => {
    try {
      const text = readFileSync(join(folder, "output/manifest.json"), "utf8");
      return (JSON.parse(text) as Manifest).partitions.reduce((sum, partition) => sum + partition.read, 0);
    } catch {
      return 0;
    }
  };
  const until = async (events: number): Promise<void> => {
    while (read() < events) {
      assert.equal(generator.child.exitCode ?? 0, 0, "the generator goes on");
      assert.equal(engine.child.exitCode, null, "the engine goes on");
      await delay(50);
    }
  };
  const generating = [...onTopic, "--events", String(EVENTS), "--rate", "6000", "--broken", "0.001"];
  const generator = startCommand(folder, "generate", ...generating);
  const engine = startCommand(folder, "process", ...onTopic, "--commit-every", "100ms");

  await until(10_000);
  await broker.kill9(victim.nodeId);
  const atKill = read();
  await until(atKill + 15_000);
  const moved = await cluster.topic("clicks");
  assert.notEqual(moved?.partitions[0]?.leader.nodeId, victim.nodeId, "another broker leads");
  await broker.start();
  await until(EVENTS);
  const generated = await generator.ended;
  assert.equal(generated.code, 0, generated.stderr);
  engine.child.kill("SIGINT");
  const ended = await engine.ended;
  assert.equal(ended.code, 0, ended.stderr);

  const all = ["--brokers", broker.brokers.join(), "--topic", "clicks"];
  const finished = await runCommand(folder, "process", ...all, "--until-end", "--finish");
  assert.equal(finished.code, 0, finished.stderr);
  const result = JSON.parse(finished.stdout);
  assert.equal(result.read, EVENTS, "each event once");
  const verified = await runCommand(folder, "verify", ...all);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
});
