/**
 * How fast a topic's records arrive as columns, with a handler that only counts:
 * `node bench/fetch.ts --brokers 127.0.0.1:9092 --topic clickstream`
 */
import { parseArgs } from "node:util";
import { systemClock } from "../src/core/clock.ts";
import { Cluster } from "../src/kafka/cluster.ts";
import { TopicReader } from "../src/kafka/topic-reader.ts";

const { values } = parseArgs({
  options: {
    brokers: { type: "string", default: "127.0.0.1:9092" },
    topic: { type: "string", default: "clickstream" },
    "max-bytes": { type: "string" },
    "partition-max-bytes": { type: "string" },
  },
});
const kafka = { brokers: values.brokers.split(","), clientId: "clickstream-bench" };
const cluster = await Cluster.connect(kafka);
const topic = await cluster.topic(values.topic);
if (topic === undefined) throw new Error(`no topic ${values.topic}`);
const starts = await cluster.offsets(topic, "earliest");
const ends = await cluster.offsets(topic, "lastStable");
await cluster.close();

let records = 0;
let bytes = 0;
let batches = 0;
const cpuBefore = process.cpuUsage();
const startedAtMs = performance.now();
const done = Promise.withResolvers<void>();
const assignments = topic.partitions.map(({ partition }) => ({
  partition,
  offset: starts.get(partition)!,
  endOffset: ends.get(partition)!,
}));
let open = assignments.filter(({ offset, endOffset }) => offset < endOffset).length;
if (open === 0) throw new Error(`no records in ${values.topic}`);
const reader = await TopicReader.open({
  kafka,
  clock: systemClock,
  topic,
  assignments,
  ...(values["max-bytes"] === undefined ? {} : { maxBytes: Number(values["max-bytes"]) }),
  ...(values["partition-max-bytes"] === undefined
    ? {}
    : { partitionMaxBytes: Number(values["partition-max-bytes"]) }),
  handler: {
    batch(partition, columns, nextOffset) {
      batches++;
      if (columns !== null) {
        records += columns.count;
        bytes += columns.valueEnd[columns.count - 1]! - columns.recordStart[0]!;
      }
      if (nextOffset === ends.get(partition) && --open === 0) done.resolve();
    },
    caughtUp() {},
    ends() {},
    failed: done.reject,
  },
  onRetry: (reason) => process.stderr.write(`${reason}\n`),
});
await done.promise;
const seconds = (performance.now() - startedAtMs) / 1000;
const cpu = process.cpuUsage(cpuBefore);
await reader.close();
process.stdout.write(
  `${JSON.stringify({
    records,
    batches,
    megabytes: Math.round(bytes / 1e6),
    recordsPerSecond: Math.round(records / seconds),
    cpuSecondsPerMillion: Number(((cpu.user + cpu.system) / records).toFixed(3)),
    peakRssMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
  })}\n`,
);
