import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { systemClock as clock } from "../../src/core/clock.ts";
import { ensureJars } from "../../src/local/jars.ts";
import { kafkaFolder, readRecord, writeRecord } from "../../src/local/kafka-folder.ts";
import {
  localKafkaStatus,
  removeLocalKafka,
  startDetachedKafka,
  stopLocalKafka,
} from "../../src/local/local-kafka.ts";
import { freePort } from "../../src/local/ports.ts";
import { type KafkaEvent, type LocalKafka, runLocalKafka } from "../../src/local/supervise.ts";
import { startBroker } from "./broker.ts";
import { appendValues, createTopic, readValues, topicSetting } from "./topic-values.ts";

const environment = process.env;
const SUPERVISING_RUN = fileURLToPath(new URL("./supervising-run.ts", import.meta.url));

const unexpected = (event: KafkaEvent): void => assert.fail(JSON.stringify(event));

/** A folder that goes after the test, after whatever `end` ends and the Kafka in it. */
async function emptyFolder(
  t: TestContext,
  end: () => Promise<void> | undefined = () => undefined,
): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "clickstream-kafka, ä "));
  t.after(async () => {
    await end();
    await stopLocalKafka(dir, clock);
    await rm(dir, { recursive: true, force: true });
  });
  return dir;
}

async function smallKafka(): Promise<{
  runtime: { environment: typeof environment; jars: string; heapMb: number };
  clock: typeof clock;
}> {
  return { runtime: { environment, jars: await ensureJars({ environment, clock }), heapMb: 256 }, clock };
}

test("starts, answers, keeps its data over a stop and its ports over a start", async (t) => {
  const dir = await emptyFolder(t);
  const options = await smallKafka();
  assert.equal((await localKafkaStatus(dir)).state, "absent");
  assert.equal(await stopLocalKafka(dir, clock), 0);

  const port = await freePort();
  const first = await startDetachedKafka(dir, { ...options, port });
  assert.deepEqual(
    [first.started, first.status.state, first.status.brokers],
    [1, "running", [`127.0.0.1:${port}`]],
  );
  await createTopic(first.status.brokers, "kept");
  await appendValues(first.status.brokers, "kept", ["a", "b", "c"]);

  const again = await startDetachedKafka(dir, options);
  assert.equal(again.started, 0);
  assert.equal(again.status.nodes[0]?.pid, first.status.nodes[0]?.pid);
  await assert.rejects(startDetachedKafka(dir, { ...options, port: port + 1 }), { code: "USAGE" });
  await assert.rejects(startDetachedKafka(dir, { ...options, nodes: 3 }), { code: "USAGE" });

  await assert.rejects(removeLocalKafka(dir, clock), { code: "KAFKA_IN_USE" });
  assert.equal(await stopLocalKafka(dir, clock), 1);
  assert.equal((await localKafkaStatus(dir)).state, "stopped");
  const second = await startDetachedKafka(dir, options);
  assert.deepEqual([second.started, second.status.brokers], [1, first.status.brokers]);
  assert.deepEqual(await readValues(second.status.brokers, "kept", 3), ["a", "b", "c"]);

  await stopLocalKafka(dir, clock);
  await removeLocalKafka(dir, clock);
  assert.equal((await localKafkaStatus(dir)).state, "absent");
  assert.deepEqual(
    readdirSync(dir).filter((name) => !name.endsWith(".lock")),
    [],
  );
});

test("listens on 127.0.0.1 alone", async (t) => {
  const broker = await startBroker(t);
  const pid = (await localKafkaStatus(broker.dir)).nodes[0]!.pid!;
  const listening = listeningAddresses(pid);
  assert.equal(listening.length, 2);
  for (const address of listening) assert.match(address, /0100007F$/);
});

test("a taken port is named, and nothing is left running", async (t) => {
  const dir = await emptyFolder(t);
  const options = await smallKafka();
  const other = createServer().listen(await freePort(), "127.0.0.1");
  await once(other, "listening");
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  await assert.rejects(startDetachedKafka(dir, { ...options, port }), {
    code: "PORT_TAKEN",
    message: new RegExp(String(port)),
    nextStep: /--port/,
  });
  assert.equal((await localKafkaStatus(dir)).state, "absent");
});

test("a broker that can't start tells why", async (t) => {
  const dir = await emptyFolder(t);
  const options = await smallKafka();
  const limits = { internalPartitions: -1 };
  await assert.rejects(startDetachedKafka(dir, { ...options, limits, port: await freePort() }), {
    message: /offsets\.topic\.num\.partitions/,
  });
  assert.notEqual((await localKafkaStatus(dir)).state, "running");
});

test("a pid that now belongs to another program is neither ours nor killed", async (t) => {
  const broker = await startBroker(t);
  await broker.stop();
  const stranger = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  t.after(() => stranger.kill("SIGKILL"));
  await once(stranger, "spawn");
  const folder = kafkaFolder(broker.dir);
  const record = readRecord(folder)!;
  writeRecord(folder, { ...record, wanted: "running", nodes: [{ ...record.nodes[0]!, pid: stranger.pid! }] });
  assert.equal((await localKafkaStatus(broker.dir)).state, "stopped");
  assert.equal(await stopLocalKafka(broker.dir, clock), 0);
  await broker.start();
  assert.equal(stranger.exitCode ?? stranger.signalCode, null);
});

test("supervised: a killed broker comes back on its port with its data", async (t) => {
  let kafka: LocalKafka | undefined;
  const dir = await emptyFolder(t, () => kafka?.stop());
  const events: KafkaEvent[] = [];
  const restarted = Promise.withResolvers<void>();
  kafka = await runLocalKafka({
    ...(await smallKafka()),
    dir,
    port: await freePort(),
    onEvent(event) {
      events.push(event);
      if (event.kind === "restarted") restarted.resolve();
    },
  });
  assert.equal(kafka.owned, true);
  await createTopic(kafka.brokers, "kept");
  await appendValues(kafka.brokers, "kept", ["a", "b"]);
  const [pid] = kafka.pids;
  process.kill(pid!, "SIGKILL");
  await restarted.promise;
  assert.deepEqual(
    events.map((event) => event.kind),
    ["died", "restarted"],
  );
  assert.notDeepEqual(kafka.pids, [pid]);
  await appendValues(kafka.brokers, "kept", ["c"]);
  assert.deepEqual(await readValues(kafka.brokers, "kept", 3), ["a", "b", "c"]);

  await kafka.stop();
  assert.equal((await localKafkaStatus(dir)).state, "stopped");
});

test("supervised: `kafka stop` from elsewhere is told and obeyed", async (t) => {
  let kafka: LocalKafka | undefined;
  const dir = await emptyFolder(t, () => kafka?.stop());
  const told = Promise.withResolvers<KafkaEvent>();
  kafka = await runLocalKafka({
    ...(await smallKafka()),
    dir,
    port: await freePort(),
    onEvent: told.resolve,
  });
  assert.equal(await stopLocalKafka(dir, clock), 1);
  assert.deepEqual(await told.promise, { kind: "stopped_elsewhere", nodeId: 1 });
  await kafka.stop();
  assert.equal((await localKafkaStatus(dir)).state, "stopped");
});

test("a run uses the Kafka of `kafka start` and leaves it running", async (t) => {
  const broker = await startBroker(t);
  const kafka = await runLocalKafka({ ...(await smallKafka()), dir: broker.dir, onEvent: unexpected });
  assert.deepEqual([kafka.owned, kafka.brokers], [false, broker.brokers]);
  await kafka.stop();
  assert.equal((await localKafkaStatus(broker.dir)).state, "running");
});

test("the broker of a killed run is taken over by the next", async (t) => {
  let kafka: LocalKafka | undefined;
  const dir = await emptyFolder(t, () => kafka?.stop());
  const options = await smallKafka();
  const port = await freePort();
  const run = spawn(process.execPath, [SUPERVISING_RUN, dir, String(port), options.runtime.jars], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => run.kill("SIGKILL"));
  const [pids] = (await once(createInterface({ input: run.stdout }), "line")) as [string];

  const beside = await runLocalKafka({ ...options, dir, onEvent: unexpected });
  assert.equal(beside.owned, false);
  await assert.rejects(removeLocalKafka(dir, clock), { code: "KAFKA_IN_USE" });
  await beside.stop();

  run.kill("SIGKILL");
  await once(run, "exit");
  const next = await runLocalKafka({ ...options, dir, onEvent: unexpected });
  assert.deepEqual([next.owned, next.brokers], [true, [`127.0.0.1:${port}`]]);
  assert.deepEqual(next.pids, JSON.parse(pids));
  await next.stop();
  assert.equal((await localKafkaStatus(dir)).state, "stopped");
});

test("three nodes: one quorum that takes acknowledged writes with one node killed", async (t) => {
  const broker = await startBroker(t, { nodes: 3 });
  assert.equal(broker.brokers.length, 3);
  await createTopic(broker.brokers, "kept");
  await appendValues(broker.brokers, "kept", ["a"]);
  assert.equal(await topicSetting(broker.brokers, "kept", "min.insync.replicas"), "2");
  await broker.kill9(2);
  assert.equal((await localKafkaStatus(broker.dir)).state, "partial");
  const others = [broker.brokers[0]!, broker.brokers[2]!];
  await appendValues(others, "kept", ["b"]);
  await broker.start();
  assert.equal((await localKafkaStatus(broker.dir)).state, "running");
  assert.deepEqual(await readValues(broker.brokers, "kept", 2), ["a", "b"]);
  await broker.stop();
  assert.equal((await localKafkaStatus(broker.dir)).state, "stopped");
});

/** Hexadecimal addresses of the TCP sockets on which a process listens, as the system has them. */
function listeningAddresses(pid: number): string[] {
  const LISTEN = "0A";
  const inodes = new Set<string>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      if (inode !== undefined) inodes.add(inode);
    } catch {
      // closed meanwhile
    }
  }
  return ["tcp", "tcp6"]
    .flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, "utf8").split("\n").slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === LISTEN && inodes.has(columns[9] ?? ""))
    .map((columns) => columns[1]!.split(":")[0]!);
}
