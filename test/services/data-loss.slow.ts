import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Cluster } from "../../src/kafka/cluster.ts";
import type { Manifest } from "../../src/sinks/manifest.ts";
import { startBroker, type TestBroker } from "./broker.ts";
import { type Ended, runCommand, startCommand } from "./command-line.ts";
import { kafkaTool } from "./kafka-tools.ts";

let broker: TestBroker;
let folder: string;
const cleanups: (() => Promise<void> | void)[] = [];
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

before(async () => {
  broker = await startBroker({ after: (cleanup) => cleanups.push(cleanup) });
  folder = mkdtempSync(join(tmpdir(), "clickstream-loss-"));
  cleanups.push(() => rmSync(folder, { recursive: true }));
});

const given = (): string[] => ["--brokers", broker.brokers.join(), "--topic", "clicks"];
const clickstream = (command: string, ...args: string[]): Promise<Ended> =>
  runCommand(folder, command, ...given(), ...args);

async function generate(events: number): Promise<void> {
  const { code, stderr } = await clickstream("generate", "--partitions", "1", "--events", String(events));
  assert.equal(code, 0, stderr);
}

/** Does what retention does: drops everything before an offset. */
async function dropBefore(offset: number): Promise<void> {
  const path = join(folder, "drop.json");
  writeFileSync(
    path,
    JSON.stringify({ version: 1, partitions: [{ topic: "clicks", partition: 0, offset }] }),
  );
  const tool = "org.apache.kafka.tools.DeleteRecordsCommand";
  await kafkaTool(tool, "--bootstrap-server", broker.brokers.join(), "--offset-json-file", path);
}

function manifest(output: string): Manifest {
  return JSON.parse(readFileSync(join(folder, output, "manifest.json"), "utf8"));
}

test("events that Kafka dropped before a start stop it, or are skipped and counted", async () => {
  await generate(2_000);
  assert.equal((await clickstream("process", "--output", "start", "--until-end")).code, 0);
  const { position } = manifest("start").partitions[0]!;
  await generate(6_000);
  await dropBefore(position + 1_000);
  const stopped = await clickstream("process", "--output", "start", "--until-end");
  assert.equal(stopped.code, 1);
  assert.match(stopped.stderr, /DATA_LOST/);
  const skipped = await clickstream("process", "--output", "start", "--until-end", "--on-data-loss", "skip");
  assert.equal(skipped.code, 0, skipped.stderr);
  assert.deepEqual(manifest("start").partitions[0]!.lost, [{ from: position, to: position + 1_000 }]);
  assert.equal(JSON.parse(skipped.stdout).read, 5_000);
  const verified = await clickstream("verify", "--output", "start");
  assert.match(verified.stderr, /LOG_TRUNCATED/);
});

test("events that Kafka drops under a slow engine stop it, or are skipped and counted", async () => {
  for (const onDataLoss of ["stop", "skip"]) {
    const args = ["process", ...given(), "--output", onDataLoss, "--on-data-loss", onDataLoss];
    const engine = startCommand(folder, ...args, "--commit-every", "50ms");
    const { next } = await ends();
    while (positionOf(onDataLoss) !== next) await delay(50);
    engine.child.kill("SIGSTOP");
    await generate(onDataLoss === "stop" ? 8_000 : 12_000);
    await dropBefore(next + 1_000);
    engine.child.kill("SIGCONT");
    if (onDataLoss === "stop") {
      const { code, stderr } = await engine.ended;
      assert.equal(code, 1);
      assert.match(stderr, /OFFSET_OUT_OF_RANGE/);
      continue;
    }
    const { next: end } = await ends();
    while (positionOf(onDataLoss) !== end) await delay(50);
    engine.child.kill("SIGINT");
    assert.equal((await engine.ended).code, 0);
    assert.deepEqual(manifest(onDataLoss).partitions[0]!.lost, [{ from: next, to: next + 1_000 }]);
  }
});

function positionOf(output: string): number | undefined {
  try {
    return manifest(output).partitions[0]?.position;
  } catch {
    return undefined; // before the first commit
  }
}

/** The offset behind the last committed event. */
async function ends(): Promise<{ next: number }> {
  const kafka = { brokers: broker.brokers, clientId: "test" };
  const cluster = await Cluster.connect(kafka);
  try {
    const topic = await cluster.topic("clicks");
    assert(topic !== undefined);
    return { next: (await cluster.offsets(topic, "lastStable")).get(0) ?? 0 };
  } finally {
    await cluster.close();
  }
}
