/**
 * How fast events get from their numbers onto a topic, end to end, by codec:
 * `node bench/generate.ts --brokers 127.0.0.1:9092 --events 2000000 --codecs none,lz4,zstd`
 * Makes a topic for each run and deletes it afterwards. CPU is that of this process, the generator's thread included.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startGeneratorThread } from "../src/generator/thread.ts";
import { Cluster } from "../src/kafka/cluster.ts";
import type { Codec } from "../src/kafka/compression.ts";

const { values } = parseArgs({
  options: {
    brokers: { type: "string", default: "127.0.0.1:9092" },
    events: { type: "string", default: "2000000" },
    codecs: { type: "string", default: "none,lz4,zstd" },
    partitions: { type: "string", default: "4" },
    batch: { type: "string", default: "1000" },
    rounds: { type: "string", default: "2" },
  },
});
const kafka = { brokers: values.brokers.split(","), clientId: "clickstream-bench" };
const events = Number(values.events);
const settings = { seed: 1, startMs: undefined, users: 1_000 };
const chances = { lateShare: 0.001, outOfOrderMs: 30_000, brokenShare: 0.0001, duplicateShare: 0 };
const cluster = await Cluster.connect(kafka);

for (let round = 0; round < Number(values.rounds); round++) {
  for (const codec of values.codecs.split(",") as Codec[]) {
    const topic = `bench-generate-${process.pid}-${round}-${codec}`;
    await cluster.createTopic(topic, { partitions: Number(values.partitions) });
    const cpuBefore = process.cpuUsage();
    const startedAtMs = performance.now();
    let batchMs: readonly number[] = [];
    const generator = startGeneratorThread({
      plan: {
        ...{ kafka, topic, settings: { ...settings, ...chances }, events, rate: null, live: null },
        batch: Number(values.batch),
        codec,
        refusedPath: join(tmpdir(), `${topic}.ndjson`),
      },
      onProgress: (progress) => (batchMs = progress.batchMs),
      onRetry: (reason) => process.stderr.write(`${reason}\n`),
    });
    await generator.ended;
    const seconds = (performance.now() - startedAtMs) / 1_000;
    const cpu = process.cpuUsage(cpuBefore);
    await cluster.deleteTopic(topic);
    const figures = {
      codec,
      events,
      eventsPerSecond: Math.round(events / seconds),
      cpuSecondsPerMillion: Number(((cpu.user + cpu.system) / events).toFixed(3)),
      lastBatchMs: Math.round(batchMs[0] ?? 0),
      peakRssMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
    };
    process.stdout.write(`${JSON.stringify(figures)}\n`);
  }
}
await cluster.close();
