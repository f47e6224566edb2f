import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Admin } from "@platformatic/kafka";
import type { Manifest } from "../../src/sinks/manifest.ts";
import { startBroker } from "./broker.ts";
import { type Ended, runCommand, startCommand } from "./command-line.ts";

/** Kafka allows ten seconds' worth at once; the first events are more than that. */
const BYTES_PER_SECOND = 450_000;

/** Sets the quota of every client, or lifts it. */
async function limitConsumers(admin: Admin, bytesPerSecond: number | null): Promise<void> {
  const key = "consumer_byte_rate";
  await admin.alterClientQuotas({
    entries: [
      {
        entities: [{ entityType: "client-id", entityName: null }],
        ops: [
          bytesPerSecond === null ? { key, remove: true } : { key, value: bytesPerSecond, remove: false },
        ],
      },
    ],
  });
}

/** An address of a test's own in front of a broker; the broker names its real one to whoever asks. */
async function addressInFront(t: TestContext, port: number): Promise<string> {
  const server: Server = createServer((client) => {
    const broker = connect(port, "127.0.0.1");
    client.on("error", () => broker.destroy()).on("close", () => broker.destroy());
    broker.on("error", () => client.destroy()).on("close", () => client.destroy());
    client.pipe(broker).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => void server.close());
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

test("a topic grows while it is read, through other addresses and a quota: nothing is left out", async (t) => {
  const broker = await startBroker(t);
  const folder = mkdtempSync(join(tmpdir(), "clickstream-growing-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const front = await addressInFront(t, broker.port);
  const admin = new Admin({ clientId: "test", bootstrapBrokers: [front] });
  t.after(() => admin.close());
  const clickstream = async (command: string, ...args: string[]): Promise<Ended> => {
    const ended = await runCommand(folder, command, "--brokers", front, "--topic", "clicks", ...args);
    assert.equal(ended.code, 0, ended.stdout + ended.stderr);
    return ended;
  };
  const generate = (events: number) => clickstream("generate", "--partitions", "2", "--events", `${events}`);
  const manifest = (): Manifest => JSON.parse(readFileSync(join(folder, "results/manifest.json"), "utf8"));
  const read = (): number => manifest().partitions.reduce((sum, partition) => sum + partition.read, 0);

  await generate(20_000);
  await limitConsumers(admin, BYTES_PER_SECOND);
  const process = startCommand(
    ...([folder, "process", "--brokers", front, "--topic", "clicks", "--output", "results"] as const),
    ...(["--refresh-every", "200ms", "--commit-every", "100ms"] as const),
  );
  t.after(() => process.child.kill("SIGKILL"));
  while (manifestIsMissing(folder) || read() < 20_000) await delay(50);
  await limitConsumers(admin, null);
  const closedThroughMs = manifest().closedThroughMs;
  await admin.createPartitions({
    topics: [{ name: "clicks", count: 4 }],
    validateOnly: false,
  });
  await generate(40_000);
  while (read() < 40_000) {
    assert.equal(process.child.exitCode, null, "the engine goes on");
    await delay(50);
  }
  process.child.kill("SIGINT");
  const ended = await process.ended;
  assert.equal(ended.code, 0, ended.stderr);
  const { partitions } = manifest();
  assert.deepEqual(
    partitions.map(({ partition, read: events }) => [partition, events > 0]),
    [0, 1, 2, 3].map((partition) => [partition, true]),
    "events of every partition are read",
  );
  assert(closedThroughMs !== null && partitions[3]!.floors[0]!.offset === 0);
  assert(partitions[3]!.floors[0]!.floorMs >= closedThroughMs, "what was final stays final");
  await clickstream("process", "--output", "results", "--until-end", "--finish");
  await clickstream("verify", "--output", "results");
});

function manifestIsMissing(folder: string): boolean {
  try {
    readFileSync(join(folder, "results/manifest.json"));
    return false;
  } catch {
    return true;
  }
}
