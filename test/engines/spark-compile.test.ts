import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type CompileInput, compileJob } from "../../src/engines/spark/compile/compile-job.ts";
import { queriesOf } from "../../src/engines/spark/streaming-job.ts";
import { DEFAULT_EVENT_RULES, type ExtraField, type KeyField } from "../../src/events/event.ts";
import { DEFAULT_WINDOWS, type QueryPlan } from "../../src/queries/plan.ts";
import { count, countDistinct, countWhere, maxTime, query, sum, timeSpan } from "../../src/queries/query.ts";
import { sessionQueries } from "../../src/queries/sessions.ts";

const INPUT: CompileInput = {
  brokers: ["one:9092", "two:9092"],
  kafkaOptions: { "kafka.security.protocol": "SSL" },
  topic: "clicks",
  topicId: "Ng8L9w5vQ0",
  deadLetterTopic: "clicks.dlq",
  deadLetterPartitions: 4,
  output: "/data/output",
  windows: DEFAULT_WINDOWS,
  rules: DEFAULT_EVENT_RULES,
  queries: [],
  trigger: { processingTimeMs: 60_000 },
  maxOffsetsPerTrigger: 500_000,
  shufflePartitions: 4,
  stateStore: "rocksdb",
};

/** Compares with a file of test/golden/spark; UPDATE_GOLDEN=1 writes it anew, to be read in the diff. */
function matchesGolden(name: string, text: string): void {
  const path = fileURLToPath(new URL(`../golden/spark/${name}`, import.meta.url));
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(path, `${text}\n`);
  assert.equal(`${text}\n`, readFileSync(path, "utf8"));
}

const QUERIES: readonly QueryPlan[] = [
  query("plain", {
    by: ["url"],
    measures: { events: count(), likes: countWhere("action", "it's"), last: maxTime() },
  }),
  query("one_field_apart", { by: [], measures: { longest: timeSpan("session_id", "longest") } }),
  query("two_fields_apart", {
    by: ["device_type"],
    measures: {
      events: count(),
      users: countDistinct("user_id"),
      seconds: timeSpan("session_id"),
      revenue: sum("price"),
    },
    ...{ window: "1h", slide: "10m" },
  }),
];

for (const plan of QUERIES) {
  test(`the SQL of the query ${plan.name}`, () => {
    const price = { price: { path: ["price"], type: "number" } } as Record<ExtraField, never>;
    const rules = { ...DEFAULT_EVENT_RULES, extraFields: price };
    const job = compileJob({ ...INPUT, rules, queries: [plan] });
    matchesGolden(`${plan.name}.sql`, job.stages[1]?.queries[0]?.sql ?? "");
  });
}

test("the SQL of whole sessions, and of records judged for them", () => {
  const [sessions, transitions] = sessionQueries(1_800_000, DEFAULT_WINDOWS);
  const [judging, following] = compileJob({ ...INPUT, queries: [sessions!] }).stages;
  matchesGolden("sessions.sql", following?.queries[0]?.sql ?? "");
  const judged = judging?.queries[0]?.sql ?? "";
  assert.match(judged, /,\n {2}partition,\n {2}offset,\n {2}CASE WHEN reason IS NOT NULL THEN record_ms END/);
  assert.throws(() => compileJob({ ...INPUT, queries: [transitions!] }), /can't run the query transitions/);
});

test("the SQL of the verdict", () => {
  const rules = {
    ...DEFAULT_EVENT_RULES,
    fields: { url: { path: ["page"], default: "/", map: { home: "/" } }, browser: { value: "none" } },
  };
  const job = compileJob({
    ...INPUT,
    rules,
    queries: [query("urls", { by: ["url"], measures: { events: count() } })],
  });
  matchesGolden("judged-records.sql", job.stages[0]?.queries[0]?.sql ?? "");
});

test("the SQL of the dead letters", () => {
  matchesGolden("dead_letters.sql", compileJob(INPUT).stages[1]?.queries.at(-1)?.sql ?? "");
});

test("sources, sinks and checkpoints", () => {
  const price = { price: { path: ["price"], type: "number" } } as Record<ExtraField, never>;
  const rules = { ...DEFAULT_EVENT_RULES, extraFields: price };
  const job = compileJob({ ...INPUT, rules, queries: [QUERIES[0]!, QUERIES[2]!] });
  const [judging, following] = job.stages;
  assert.deepEqual(judging?.sources[0]?.options, {
    "kafka.bootstrap.servers": "one:9092,two:9092",
    "kafka.security.protocol": "SSL",
    "kafka.isolation.level": "read_committed",
    "kafka.max.partition.fetch.bytes": "4194304",
    "kafka.max.poll.records": "5000",
    subscribe: "clicks",
    startingOffsets: "earliest",
    failOnDataLoss: "true",
    includeHeaders: "true",
    maxOffsetsPerTrigger: "500000",
  });
  assert.deepEqual(following?.sources, [
    {
      view: "judged",
      format: "parquet",
      options: {},
      path: "/data/output/checkpoints/judged",
      schema: [
        "time_ms BIGINT, f_url STRING, f_action STRING, f_device_type STRING, f_user_id STRING",
        "f_session_id STRING, f_price decimal(18, 6), reason STRING, partition INT, offset BIGINT, record_ms BIGINT",
        "key BINARY, value BINARY, headers ARRAY<STRUCT<key: STRING, value: BINARY>>",
      ].join(", "),
    },
  ]);
  assert.equal(job.conf["spark.sql.shuffle.partitions"], "4");
  const ends = queriesOf(job).map(({ name, sink, checkpoint, trigger }) => ({
    name,
    sink,
    checkpoint,
    trigger,
  }));
  const [minute, soon] = [{ processingTimeMs: 60_000 }, { processingTimeMs: 2_000 }];
  const path = "/data/output";
  assert.deepEqual(ends, [
    {
      name: "judged_events",
      sink: { format: "parquet", path: `${path}/checkpoints/judged`, partitionBy: [] },
      checkpoint: `${path}/checkpoints/judged_events`,
      trigger: minute,
    },
    ...["plain", "two_fields_apart"].map((name) => ({
      name,
      sink: { format: "json", path: `${path}/${name}`, partitionBy: ["date"] },
      checkpoint: `${path}/checkpoints/${name}`,
      trigger: soon,
    })),
    {
      name: "dead_letters",
      trigger: soon,
      sink: {
        format: "kafka",
        options: {
          "kafka.bootstrap.servers": "one:9092,two:9092",
          "kafka.security.protocol": "SSL",
          topic: "clicks.dlq",
        },
      },
      checkpoint: "/data/output/checkpoints/dead_letters",
    },
  ]);
});

test("what Spark can't do is refused by name", () => {
  for (const name of ["dead_letters", "judged_events"]) {
    const reserved = query(name, { by: [], measures: { events: count() } });
    const refused = new RegExp(`no query can be called ${name}`);
    assert.throws(() => compileJob({ ...INPUT, queries: [reserved] }), refused);
  }
  const fields = { url: { path: [`"both'`] } };
  const queries = [query("urls", { by: ["url" as KeyField], measures: { events: count() } })];
  assert.throws(
    () => compileJob({ ...INPUT, queries, rules: { ...DEFAULT_EVENT_RULES, fields } }),
    /path of url/,
  );
});
