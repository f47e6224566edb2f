// Runs the standard queries once on a Spark Connect server, over a topic that is there, into a folder:
// node bench/spark-job.ts sc://127.0.0.1:15002 127.0.0.1:9092 clickstream /tmp/output. Prints what each query took.
import { compileJob } from "../src/engines/spark/compile/compile-job.ts";
import { SparkSession, sqlRelation, streamRelation } from "../src/engines/spark/connect/api.ts";
import { DEFAULT_EVENT_RULES } from "../src/events/event.ts";
import { DEFAULT_WINDOWS } from "../src/queries/plan.ts";
import { STANDARD_QUERIES } from "../src/queries/standard.ts";

const [spark = "", brokers = "", topic = "", output = ""] = process.argv.slice(2);
const job = compileJob({
  brokers: [brokers],
  kafkaOptions: {},
  topic,
  topicId: "bench",
  deadLetterTopic: `${topic}.dlq`,
  deadLetterPartitions: 4,
  output,
  windows: DEFAULT_WINDOWS,
  rules: DEFAULT_EVENT_RULES,
  queries: STANDARD_QUERIES,
  trigger: "availableNow",
  maxOffsetsPerTrigger: null,
  shufflePartitions: 2,
  stateStore: "rocksdb",
});
const session = await SparkSession.connect(spark);
await session.configure(job.conf);
for (const { view, format, options } of job.sources)
  await session.createView(view, streamRelation(format, options));
for (const { view, sql } of job.views) await session.createView(view, sqlRelation(sql));
const startedMs = performance.now();
await Promise.all(
  job.queries.map(async ({ name, sql, outputMode, sink, checkpoint, trigger }) => {
    const options = { checkpointLocation: checkpoint, ...("options" in sink ? sink.options : {}) };
    const target = "path" in sink ? { path: sink.path, partitionBy: sink.partitionBy } : {};
    const write = { name, format: sink.format, outputMode, options, trigger, ...target };
    const query = await session.start({ input: sqlRelation(sql), ...write });
    await query.awaitTermination();
    process.stdout.write(`${name}: ${((performance.now() - startedMs) / 1_000).toFixed(1)} s\n`);
  }),
);
await session.release();
