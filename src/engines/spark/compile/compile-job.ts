import { UsageError } from "../../../core/errors.ts";
import type { EventRules } from "../../../events/event.ts";
import type { QueryPlan, WindowSettings } from "../../../queries/plan.ts";
import type { StreamingJob, StreamingQuerySpec } from "../streaming-job.ts";
import { deadLetters, type LetterRoute } from "./dead-letters.ts";
import { fieldColumn, judgedEvents } from "./judged-events.ts";
import { sessionSettings } from "./session-settings.ts";
import { nested, selectFrom } from "./sql-text.ts";
import { fieldsOfQuery, windowedQuery } from "./windowed-query.ts";

/** Everything that decides what Spark is told to do. */
export interface CompileInput {
  readonly brokers: readonly string[];
  /** Further options of Kafka's clients, each with the prefix `kafka.`: how connections are secured. */
  readonly kafkaOptions: Readonly<Record<string, string>>;
  readonly topic: string;
  readonly topicId: string;
  readonly deadLetterTopic: string;
  readonly deadLetterPartitions: number;
  /** Absolute path or URI of the output tree, as Spark's executors see it. */
  readonly output: string;
  readonly windows: WindowSettings;
  readonly rules: EventRules;
  readonly queries: readonly QueryPlan[];
  readonly trigger: StreamingQuerySpec["trigger"];
  /** Records that one batch of a query reads at most; null: all there are. */
  readonly maxOffsetsPerTrigger: number | null;
  readonly shufflePartitions: number;
  readonly stateStore: "rocksdb" | "hdfs";
}

/** Name of the streaming query that sends the dead letters. */
export const DEAD_LETTERS = "dead_letters";

/**
 * Compiles queries to streaming SQL for Spark: pure, and the same input gives the same job.
 * @throws UsageError for what Spark can't do exactly
 */
export function compileJob(input: CompileInput): StreamingJob {
  const { rules, windows, queries, output, trigger } = input;
  if (queries.some(({ name }) => name === DEAD_LETTERS)) {
    throw new UsageError(`Under Spark no query can be called ${DEAD_LETTERS}.`, "Rename the query.");
  }
  const judging = { rules, maxAheadMs: windows.maxAheadMs };
  const common = { outputMode: "append", trigger } as const;
  const rows = queries.map((query): StreamingQuerySpec => {
    const sink = { format: "json", path: `${output}/${query.name}`, partitionBy: ["date"] } as const;
    const sql = windowedQuery(query, windows, eventsOf(query));
    return { ...common, name: query.name, sql, sink, checkpoint: `${output}/checkpoints/${query.name}` };
  });
  const letters: StreamingQuerySpec = {
    ...common,
    name: DEAD_LETTERS,
    sql: deadLetters({ ...judging, source: RECORDS_WITH_HEADERS }, letterRoute(input)),
    sink: { format: "kafka", options: { ...clientOptions(input), topic: input.deadLetterTopic } },
    checkpoint: `${output}/checkpoints/${DEAD_LETTERS}`,
  };
  return {
    conf: sessionSettings(input),
    sources: [
      { view: RECORDS, format: "kafka", options: sourceOptions(input) },
      {
        view: RECORDS_WITH_HEADERS,
        format: "kafka",
        options: { ...sourceOptions(input), includeHeaders: "true" },
      },
    ],
    views: queries.map((query) => {
      const fields = fieldsOfQuery(query);
      const judged = judgedEvents({ ...judging, source: RECORDS, record: {}, fields });
      const columns = ["timestamp_millis(time_ms) AS time", "time_ms", ...fields.map(fieldColumn)];
      const sql = selectFrom(columns, `${nested(judged)}\nWHERE reason IS NULL`);
      return { view: eventsOf(query), sql };
    }),
    queries: [...rows, letters],
  };
}

const RECORDS = "records";
const RECORDS_WITH_HEADERS = "records_with_headers";

function eventsOf({ name }: QueryPlan): string {
  return `events_of_${name}`;
}

function letterRoute({ topic, topicId, deadLetterPartitions }: CompileInput): LetterRoute {
  return { topic, topicId, partitions: deadLetterPartitions };
}

function clientOptions({ brokers, kafkaOptions }: CompileInput): Record<string, string> {
  return { ...kafkaOptions, "kafka.bootstrap.servers": brokers.join(",") };
}

function sourceOptions(input: CompileInput): Record<string, string> {
  const { topic, maxOffsetsPerTrigger: most } = input;
  return {
    ...clientOptions(input),
    subscribe: topic,
    startingOffsets: "earliest",
    failOnDataLoss: "true",
    "kafka.isolation.level": "read_committed",
    // Kafka's defaults, 500 records at once and a megabyte of a partition, are for those who keep up.
    "kafka.max.poll.records": "5000",
    "kafka.max.partition.fetch.bytes": "4194304",
    ...(most === null ? {} : { maxOffsetsPerTrigger: String(most) }),
  };
}
