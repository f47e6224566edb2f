import { UsageError } from "../../../core/errors.ts";
import type { EventRules } from "../../../events/event.ts";
import type { QueryPlan, WindowSettings } from "../../../queries/plan.ts";
import { JUDGED_EVENTS, JUDGED_FOLDER } from "../../../sinks/spark-stages.ts";
import type { StreamingJob, StreamingQuerySpec } from "../streaming-job.ts";
import { deadLetters, type LetterRoute } from "./dead-letters.ts";
import { judgedRecords, judgedSchema } from "./judged-records.ts";
import { sessionSettings } from "./session-settings.ts";
import { sessionsQuery } from "./sessions-query.ts";
import { selectFrom } from "./sql-text.ts";
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

/** Why Spark can't count transitions. */
export const NO_TRANSITIONS =
  "a window's transitions are final before their sessions end, and Spark tells nothing of a session before";

/** The queries that follow look for new files so often; without any, a look costs next to nothing. */
const FOLLOW_MS = 2_000;

/**
 * Compiles queries to streaming SQL for Spark: pure, and the same input gives the same job. A first stage reads Kafka,
 * judges each record once and writes what the queries need to files; the queries and the dead letters read these. To judge is most
 * of the work: five queries that did so by themselves took five times as long.
 * @throws UsageError for what Spark can't do exactly
 */
export function compileJob(input: CompileInput): StreamingJob {
  const { rules, windows, queries, output, trigger } = input;
  for (const name of [DEAD_LETTERS, JUDGED_EVENTS]) {
    if (!queries.some((query) => query.name === name)) continue;
    throw new UsageError(`Under Spark no query can be called ${name}.`, "Rename the query.");
  }
  const impossible = queries.find(({ sessions }) => sessions?.rows === "transitions");
  if (impossible !== undefined) {
    throw new UsageError(
      `Spark can't run the query ${impossible.name}: ${NO_TRANSITIONS}.`,
      "Use the embedded engine for it.",
    );
  }
  const ofAll = queries.find((query) => query.arrivals);
  if (ofAll !== undefined) {
    throw new UsageError(
      `Spark can't run the query ${ofAll.name}: it is one of all records.`,
      "Leave out --data-quality, or use --engine embedded.",
    );
  }
  const checkpoint = (name: string): string => `${output}/checkpoints/${name}`;
  const fields = [...new Set(queries.flatMap(fieldsOfQuery))];
  const needsPlaces = queries.some(({ sessions }) => sessions !== undefined);
  const judged: StreamingQuerySpec = {
    name: JUDGED_EVENTS,
    sql: judgedRecords({ rules, maxAheadMs: windows.maxAheadMs, source: RECORDS, fields, needsPlaces }),
    sink: { format: "parquet", path: checkpoint(JUDGED_FOLDER), partitionBy: [] },
    ...{ outputMode: "append", checkpoint: checkpoint(JUDGED_EVENTS), trigger },
  };
  const following = {
    outputMode: "append",
    trigger:
      trigger === "availableNow"
        ? trigger
        : { processingTimeMs: Math.min(FOLLOW_MS, trigger.processingTimeMs) },
  } as const;
  const rows = queries.map((query): StreamingQuerySpec => {
    const { name } = query;
    const sink = { format: "json", path: `${output}/${name}`, partitionBy: ["date"] } as const;
    return {
      ...following,
      name,
      sql:
        query.sessions === undefined
          ? windowedQuery(query, windows, EVENTS)
          : sessionsQuery(query, query.sessions, windows.delayMs, EVENTS),
      sink,
      checkpoint: checkpoint(name),
    };
  });
  const letters: StreamingQuerySpec = {
    ...following,
    name: DEAD_LETTERS,
    sql: deadLetters(JUDGED, letterRoute(input)),
    sink: { format: "kafka", options: { ...clientOptions(input), topic: input.deadLetterTopic } },
    checkpoint: checkpoint(DEAD_LETTERS),
  };
  return {
    conf: sessionSettings(input),
    stages: [
      {
        sources: [{ view: RECORDS, format: "kafka", options: sourceOptions(input) }],
        views: [],
        queries: [judged],
      },
      {
        sources: [
          {
            ...{ view: JUDGED, format: "parquet", options: {}, path: checkpoint(JUDGED_FOLDER) },
            schema: judgedSchema(rules, fields),
          },
        ],
        views: [
          {
            view: EVENTS,
            sql: selectFrom(["*", "timestamp_millis(time_ms) AS time"], `${JUDGED}\nWHERE reason IS NULL`),
          },
        ],
        queries: [...rows, letters],
      },
    ],
  };
}

const RECORDS = "records";
const JUDGED = "judged";
const EVENTS = "events";

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
    includeHeaders: "true",
    "kafka.isolation.level": "read_committed",
    // Kafka's defaults, 500 records at once and a megabyte of a partition, are for those who keep up.
    "kafka.max.poll.records": "5000",
    "kafka.max.partition.fetch.bytes": "4194304",
    ...(most === null ? {} : { maxOffsetsPerTrigger: String(most) }),
  };
}
