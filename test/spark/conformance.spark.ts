// The same topic through both engines: whatever Spark closed has the rows that the meaning says.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SparkWindows } from "../../src/app/spark/spark-windows.ts";
import { sparkSubject, verifySparkOutput } from "../../src/app/verification/verify-spark.ts";
import { systemClock as clock } from "../../src/core/clock.ts";
import { type Random, seededRandom } from "../../src/core/random.ts";
import { compileJob } from "../../src/engines/spark/compile/compile-job.ts";
import { SparkSession } from "../../src/engines/spark/connect/api.ts";
import { submitStage } from "../../src/engines/spark/job-submission.ts";
import type { StreamingJob } from "../../src/engines/spark/streaming-job.ts";
import { Cluster } from "../../src/kafka/cluster.ts";
import { Producer } from "../../src/kafka/producer.ts";
import { type LogRecord, Oracle } from "../../src/oracle/oracle.ts";
import { DEFAULT_WINDOWS, type Measure, type QueryPlan } from "../../src/queries/plan.ts";
import {
  count,
  countDistinct,
  countWhere,
  maxTime,
  minTime,
  query,
  timeSpan,
} from "../../src/queries/query.ts";
import { sessionQueries } from "../../src/queries/sessions.ts";
import { STANDARD_QUERIES } from "../../src/queries/standard.ts";
import type { Manifest } from "../../src/sinks/manifest.ts";
import { runCommand } from "../services/command-line.ts";
import { brokenValue, SMALL_RULES, soundValue } from "../simulation/event-values.ts";
import { sharedCluster } from "./cluster.ts";

const TOPIC = "conformance";
const PARTITIONS = 3;
const PHASES = 2;
const EVENTS_PER_PHASE = 30_000;
const MINUTE_MS = 60_000;
const PHASE_MS = 10 * MINUTE_MS;
/** So short that sessions end all the time, some of them exactly so far apart. */
const SESSION_GAP_MS = 1_000;
/** Less than the delay: nothing falls behind the watermark of the phase before. */
const DISORDER_MS = 1.5 * MINUTE_MS;
const START_MS = Date.UTC(2026, 10, 23, 8);
const RULES = { ...SMALL_RULES, extraFields: undefined };

const seed = Number(process.env.FIRST_SEED ?? 20_261_123);

function randomQuery(random: Random, number: number): QueryPlan {
  const fields = ["url", "user_id", "session_id", "action", "device_type", "browser"];
  const field = (): string => fields[random.below(fields.length)] as string;
  const kinds: (() => Measure)[] = [
    count,
    () => countWhere("action", "click"),
    () => countDistinct(field()),
    minTime,
    maxTime,
    () => timeSpan(field(), random.below(2) === 0 ? "sum" : "longest"),
  ];
  const measures = Array.from({ length: 1 + random.below(5) }, (_, index) => {
    const kind = kinds[random.below(kinds.length)] as () => Measure;
    return [`m${index}`, kind()] as const;
  });
  const by = [...new Set(Array.from({ length: random.below(3) }, field))];
  const own = random.below(3) === 0 ? ({ window: "6m", slide: "3m" } as const) : {};
  return query(`random_${number}`, { by, measures: Object.fromEntries(measures), ...own });
}

test(`Spark's rows are the meaning's, for standard, random and whole-session queries (seed ${seed})`, async (t) => {
  const { url, brokers, folder } = await sharedCluster();
  const random = seededRandom(seed);
  const [sessions] = sessionQueries(SESSION_GAP_MS, DEFAULT_WINDOWS) as [QueryPlan, QueryPlan];
  const queries = [
    ...STANDARD_QUERIES,
    sessions,
    ...[1, 2, 3, 4, 5].map((number) => randomQuery(random, number)),
  ];
  const kafka = { brokers, clientId: "test" };
  const cluster = await Cluster.connect(kafka);
  t.after(() => cluster.close());
  const topic = await cluster.createTopic(TOPIC, { partitions: PARTITIONS, configs: {} });
  await cluster.createTopic(`${TOPIC}.dlq`, { partitions: PARTITIONS, configs: {} });
  const producer = await Producer.open({ kafka, topic, clock, codec: "none" });
  t.after(() => producer.close());

  const log: LogRecord[][] = Array.from({ length: PARTITIONS }, () => []);
  const produce = async (partition: number, timeMs: number, value: Buffer | null): Promise<void> => {
    const records = log[partition] as LogRecord[];
    // Its own time tells a record nothing of lateness, only how far ahead the event may be.
    const timestampMs = timeMs + random.below(30_000);
    records.push({ partition, offset: records.length, timestampMs, value });
    await producer.ready();
    producer.append(partition, timestampMs, null, 0, 0, value, 0, value?.length ?? 0, []);
  };

  const output = join(folder, "conformance-spark");
  const jobOf = (queries: readonly QueryPlan[]) =>
    compileJob({
      ...{ brokers, kafkaOptions: {}, topic: TOPIC, topicId: topic.id, output },
      ...{ deadLetterTopic: `${TOPIC}.dlq`, deadLetterPartitions: PARTITIONS },
      ...{ windows: DEFAULT_WINDOWS, rules: RULES, queries, trigger: "availableNow" },
      ...{ maxOffsetsPerTrigger: null, shufflePartitions: 2, stateStore: "rocksdb" },
    });
  const job = jobOf(queries);
  const session = await SparkSession.connect(url, { settings: job.conf });
  t.after(() => session.release());
  const drain = async (job: StreamingJob): Promise<void> => {
    await producer.flush();
    for (const stage of job.stages)
      for (const running of await submitStage(session, stage)) await running.awaitTermination();
  };

  for (let phase = 0; phase < PHASES; phase++) {
    for (let event = 0; event < EVENTS_PER_PHASE; event++) {
      const inOrderMs = START_MS + phase * PHASE_MS + (event * PHASE_MS) / EVENTS_PER_PHASE;
      const timeMs = Math.floor(inOrderMs - random.below(DISORDER_MS));
      const value = random.below(50) === 0 ? brokenValue(random, timeMs) : soundValue(random, timeMs);
      await produce(random.below(PARTITIONS), timeMs, value);
    }
    await drain(job);
  }

  const manifest = manifestOf(topic, queries, log);
  const subject = await sparkSubject(output, manifest);
  const closedThroughMs = Math.min(
    ...subject.queries.map(({ timeline, lastBatch }) => timeline.batches[lastBatch]?.watermarkMs ?? 0),
  );
  const expected = rowsOfMeaning({ ...manifest, closedThroughMs }, log);
  await t.test("windows that Spark closed hold what the meaning says", async () => {
    const tree = new SparkWindows(output, manifest);
    const found = new Map<string, Map<string, string>>();
    for await (const { query, windowStartMs, bytes } of tree.read(await tree.list())) {
      const windows = found.get(query) ?? new Map<string, string>();
      const window = new Date(windowStartMs).toISOString();
      found.set(query, windows.set(window, Buffer.from(bytes).toString()));
    }
    for (const plan of queries) {
      const wanted = expected.get(plan.name) ?? new Map();
      assert.ok(wanted.size > 3, plan.name);
      assert.deepEqual(found.get(plan.name), wanted, `${plan.name} (seed ${seed})`);
    }
  });

  await t.test("and what the embedded engine writes", async () => {
    const embedded = join(folder, "conformance-embedded");
    const from = ["--brokers", brokers.join(","), "--topic", TOPIC, "--dead-letter-topic", `${TOPIC}.other`];
    const more = ["--sessions", "--session-gap", `${SESSION_GAP_MS}ms`];
    const rules = ["--max-event-bytes", String(RULES.maxEventBytes), "--http", "off", "--log-level", "warn"];
    const run = await runCommand(
      folder,
      "process",
      ...from,
      ...rules,
      ...more,
      "--until-end",
      "--finish",
      "--output",
      embedded,
    );
    assert.equal(run.code, 0, run.stderr);
    for (const { name } of [...STANDARD_QUERIES, sessions]) {
      for (const [window, rows] of expected.get(name) ?? []) {
        const path = join(
          embedded,
          name,
          `date=${window.slice(0, 10)}`,
          `${window.slice(0, 19).replaceAll(/[-:]/g, "")}Z.json`,
        );
        assert.equal(existsSync(path) ? readFileSync(path, "utf8") : "", rows, `${name} ${window}`);
      }
    }
  });

  await t.test(
    "a partition that is behind the others: Spark drops its events, and verify knows which",
    async () => {
      // In order among themselves, so the embedded engine counts them; behind the greatest of all partitions by far.
      for (let event = 0; event < 500; event++) {
        const timeMs = START_MS + event * 100;
        await produce(1, timeMs, soundValue(random, timeMs));
        const laterMs = START_MS + (PHASES + 1) * PHASE_MS + event;
        await produce(2, laterMs, soundValue(random, laterMs));
        // On both sides of the watermark, where sessions have just ended.
        const nearMs = closedThroughMs + random.below(4 * SESSION_GAP_MS) - 2 * SESSION_GAP_MS;
        await produce(0, nearMs, soundValue(random, nearMs));
      }
      const few = [...STANDARD_QUERIES.slice(-2), sessions, queries.at(-1) as QueryPlan]; // each follows by itself
      await drain(jobOf(few));
      const full = manifestOf(topic, few, log);
      const verification = await verifySparkOutput(
        output,
        full,
        await sparkSubject(output, full),
        async function* (number, from, to) {
          yield (log[number] ?? []).slice(from, to);
        },
      );
      assert.deepEqual(verification.differences, []);
      assert.equal(verification.agreeing, verification.rows);
      assert.ok(
        [...verification.dropped.values()].every((dropped) => dropped >= 500),
        "each query drops them",
      );
      const droppedNear = (verification.dropped.get(sessions.name) ?? 0) - 500;
      assert.ok(droppedNear > 0 && droppedNear < 500, `${droppedNear} near the watermark`);
    },
  );
});

function manifestOf(
  topic: { name: string; id: string },
  queries: readonly QueryPlan[],
  log: readonly LogRecord[][],
): Manifest {
  const nothing = { greatestMs: null, floors: [], lost: [], read: 0, counted: 0, late: 0, dead: {} };
  return {
    ...{ format: 1, engine: "spark", topic: { name: topic.name, id: topic.id }, windows: DEFAULT_WINDOWS },
    ...{ rules: RULES, queries, closedThroughMs: null },
    partitions: log.map((records, partition) => ({
      partition,
      startOffset: 0,
      position: records.length,
      ...nothing,
    })),
  };
}

/** By query and start of window, the rows of all windows that end at or before the manifest's end. */
function rowsOfMeaning(manifest: Manifest, log: readonly LogRecord[][]): Map<string, Map<string, string>> {
  const oracle = new Oracle(manifest);
  for (const [partition, records] of log.entries()) {
    for (const record of records) oracle.add(record);
    oracle.finish(partition);
  }
  const rows = new Map<string, Map<string, string>>();
  for (const window of oracle.takeComplete()) {
    const windows = rows.get(window.query) ?? new Map<string, string>();
    rows.set(window.query, windows.set(new Date(window.windowStartMs).toISOString(), window.rows));
  }
  return rows;
}
