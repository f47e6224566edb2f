import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Explanation } from "../../src/app/explanation/explain-partitions.ts";
import type { Manifest } from "../../src/sinks/manifest.ts";
import { startBroker } from "./broker.ts";
import { runCommand, startCommand } from "./command-line.ts";
import { kafkaTool } from "./kafka-tools.ts";

const DESCRIBE = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";

interface GroupRow {
  partition: number;
  position: number;
  end: number;
  lag: number;
}

/** What Kafka's own tool says of a group, in the order of the partitions. */
async function describeGroup(brokers: readonly string[], group: string): Promise<GroupRow[]> {
  const server = ["--bootstrap-server", brokers.join()];
  const text = await kafkaTool(DESCRIBE, ...server, "--describe", "--group", group);
  const row = /^(\S+)\s+clicks\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s/gm;
  return [...text.matchAll(row)]
    .map(([, name, ...numbers]) => {
      assert.equal(name, group);
      const [partition, position, end, lag] = numbers.map(Number) as [number, number, number, number];
      return { partition, position, end, lag };
    })
    .sort((a, b) => a.partition - b.partition);
}

test("Kafka's own tool and explain show the engine's positions and lag, while it runs and when it does not", async (t) => {
  const broker = await startBroker(t);
  const folder = mkdtempSync(join(tmpdir(), "clickstream-group-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const onTopic = ["--brokers", broker.brokers.join(), "--topic", "clicks"];
  const manifest = (output: string): Manifest =>
    JSON.parse(readFileSync(join(folder, output, "manifest.json"), "utf8"));
  const positions = (output: string): number[] => manifest(output).partitions.map(({ position }) => position);
  const generate = async (events: string): Promise<void> => {
    const { code, stderr } = await runCommand(folder, "generate", ...onTopic, "--events", events);
    assert.equal(code, 0, stderr);
  };
  const explain = async (brokers = broker.brokers.join()): Promise<Explanation> => {
    const args = ["--brokers", brokers, "--output", "shop", "--json"];
    const { code, stdout, stderr } = await runCommand(folder, "explain", ...args);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  };
  const numbersOf = ({ partitions }: Explanation) =>
    partitions.map(({ partition, position, end, lag }) => ({ partition, position, end, lag }));
  await generate("20000");

  const bounded = await runCommand(folder, "process", ...onTopic, "--output", "shop", "--until-end");
  assert.equal(bounded.code, 0, bounded.stderr);
  await generate("30000");
  const behind = await describeGroup(broker.brokers, "clickstream-shop");
  assert.deepEqual(
    behind.map(({ position }) => position),
    positions("shop"),
    "a run's last positions",
  );
  for (const { position, end, lag } of behind) assert.equal(lag, end - position);
  assert(
    behind.every(({ lag }) => lag > 0),
    "each partition has gained events",
  );
  const stopped = await explain();
  assert.deepEqual(numbersOf(stopped), behind);
  assert.deepEqual([stopped.engineRuns, stopped.next?.reason], [false, "stopped"]);
  const unanswered = await explain("127.0.0.1:1");
  assert.deepEqual(
    unanswered.partitions.map(({ lag }) => lag),
    behind.map(() => null),
    "without Kafka the rest is told",
  );

  const args = ["--output", "shop", "--group", "mine", "--commit-every", "50ms"];
  const live = startCommand(folder, "process", ...onTopic, ...args);
  const readAll = (): boolean => positions("shop").every((position, at) => position >= behind[at]!.end);
  while (!readAll()) await delay(100);
  let shown: GroupRow[] = [];
  while (shown.length === 0 || shown.some(({ lag }) => lag > 0)) {
    shown = await describeGroup(broker.brokers, "mine");
  }
  assert.deepEqual(
    shown.map(({ position }) => position),
    positions("shop"),
    "while it runs",
  );
  const running = await explain();
  assert.deepEqual(numbersOf(running), shown);
  assert.equal(running.engineRuns, true);
  live.child.kill("SIGINT");
  assert.equal((await live.ended).code, 0);
});
