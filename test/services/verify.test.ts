import assert from "node:assert/strict";
import { appendFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { verify } from "../../src/app/verify.ts";
import { systemClock as clock } from "../../src/core/clock.ts";
import { seededRandom } from "../../src/core/random.ts";
import { Cluster, type TopicDescription } from "../../src/kafka/cluster.ts";
import type { KafkaOptions } from "../../src/kafka/options.ts";
import { partitionBatches } from "../../src/kafka/partition-batches.ts";
import { Producer } from "../../src/kafka/producer.ts";
import type { LogRecord } from "../../src/oracle/oracle.ts";
import type { Manifest } from "../../src/sinks/manifest.ts";
import { writeManifest } from "../../src/sinks/manifest-file.ts";
import { windowFileName, windowFolder } from "../../src/sinks/window-path.ts";
import { expectedOutput, finishedManifest } from "../simulation/expected-output.ts";
import { type RandomLog, randomLog } from "../simulation/random-log.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";
import { startBroker } from "./broker.ts";

const TOPIC = "clickstream";
// Old and future timestamps stay as they are.
const CONFIGS = { "message.timestamp.after.max.ms": `${Number.MAX_SAFE_INTEGER}`, "retention.ms": "-1" };

/** A random log of three partitions that crosses midnight. */
function someLog(): RandomLog {
  for (let seed = 1; ; seed++) {
    const log = randomLog(seededRandom(seed));
    if (log.partitionCount === 3 && log.records.length > 100) return log;
  }
}

/** Writes the records in transactions of seven, every second one after an aborted twin. */
async function produce(
  kafka: KafkaOptions,
  topic: TopicDescription,
  records: readonly LogRecord[],
): Promise<void> {
  const producer = await Producer.open({ kafka, topic, clock, codec: "lz4", transactionalId: "verify-test" });
  const append = (chunk: readonly LogRecord[]) => {
    producer.begin();
    for (const { partition, timestampMs, value } of chunk) {
      producer.append(partition, timestampMs, null, 0, 0, value, 0, value?.length ?? 0);
    }
  };
  for (let index = 0; index < records.length; index += 7) {
    const chunk = records.slice(index, index + 7);
    if (index % 2 === 1) {
      append(chunk);
      await producer.flush();
      await producer.abort();
    }
    append(chunk);
    await producer.commit();
  }
  await producer.close();
}

/** Creates the topic, and the output tree that belongs to it. */
async function prepare(kafka: KafkaOptions, cluster: Cluster, output: string): Promise<Manifest> {
  const log = someLog();
  const topic = await cluster.createTopic(TOPIC, { partitions: 3, configs: CONFIGS });
  await produce(kafka, topic, log.records);
  const ends = await cluster.offsets(topic, "lastStable");
  const expected = finishedManifest(log);
  const manifest: Manifest = {
    ...expected,
    topic: { name: TOPIC, id: topic.id },
    partitions: expected.partitions.map((partition) => ({
      ...partition,
      position: ends.get(partition.partition)!,
      floors: [],
    })),
  };
  for (const [key, rows] of expectedOutput(log, expected).files) {
    const [query = "", startMs] = key.split("/");
    const path = join(output, windowFolder(query, Number(startMs)), windowFileName(Number(startMs)));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, rows);
  }
  await writeManifest(output, manifest);
  return manifest;
}

test("verify reads what is committed, finds what differs, and refuses what can't be compared", async (t) => {
  const { brokers } = await startBroker(t);
  const kafka = { brokers, clientId: "test" };
  const cluster = await Cluster.connect(kafka);
  t.after(() => cluster.close());
  await using folder = await temporaryFolder();
  const output = folder.path;
  const options = { kafka, topic: TOPIC, output, clock };
  await assert.rejects(verify(options), { code: "MANIFEST_MISSING" });

  const manifest = await prepare(kafka, cluster, output);
  let progress: number[] = [];
  const result = await verify({ ...options, onProgress: (...counts) => (progress = counts) });
  assert.ok(result.rows > 100, JSON.stringify(result));
  assert.deepEqual(
    { ...result, windows: 0, rows: 0, agreeing: 0 },
    {
      windows: 0,
      rows: 0,
      agreeing: 0,
      differing: 0,
      differences: [],
      droppedWindows: 0,
      keptFrom: {},
      accountingDifferences: [],
    },
  );
  assert.equal(result.agreeing, result.rows);
  const read = manifest.partitions.reduce((sum, partition) => sum + partition.read, 0);
  assert.deepEqual(progress, [read, read]);

  const [day = ""] = await readdir(join(output, "window_totals"));
  const [file = ""] = await readdir(join(output, "window_totals", day));
  await appendFile(join(output, "window_totals", day, file), "{}\n");
  assert.equal((await verify(options)).differing, 1);

  await assert.rejects(verify({ ...options, topic: "other" }), { code: "USAGE", message: /not of other/ });
  await cluster.deleteTopic(TOPIC);
  await assert.rejects(verify(options), { code: "TOPIC_MISSING" });
  await cluster.createTopic(TOPIC, { partitions: 3 });
  await assert.rejects(verify(options), { code: "TOPIC_CHANGED" });

  const beyond = manifest.partitions.map((partition) => ({ ...partition, position: partition.position + 1 }));
  const { id } = (await cluster.topic(TOPIC))!;
  await writeManifest(output, { ...manifest, topic: { name: TOPIC, id }, partitions: beyond });
  await assert.rejects(verify(options), { code: "LOG_TRUNCATED" });
});

test("verify ends when it is told to, also while no broker answers", async (t) => {
  const broker = await startBroker(t);
  const kafka = { brokers: broker.brokers, clientId: "test" };
  const cluster = await Cluster.connect(kafka);
  t.after(() => cluster.close());
  await using folder = await temporaryFolder();
  const [{ position } = { position: 0 }] = (await prepare(kafka, cluster, folder.path)).partitions;
  const topic = (await cluster.topic(TOPIC))!;
  const signal = AbortSignal.abort();
  await assert.rejects(verify({ kafka, topic: TOPIC, output: folder.path, clock, signal }), {
    name: "AbortError",
  });

  const stopping = new AbortController();
  const source = { kafka, clock, topic, signal: stopping.signal };
  const records = partitionBatches(source, { partition: 0, from: 0, to: position + 1 }, (_, __, row) => row);
  await records.next();
  await broker.kill9();
  setTimeout(() => stopping.abort(), 2_000);
  await assert.rejects(
    async () => {
      for await (const _ of records);
    },
    { name: "AbortError" },
  );
});
