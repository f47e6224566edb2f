import type { Clock } from "../core/clock.ts";
import { ClickstreamError, UsageError } from "../core/errors.ts";
import { Cluster } from "../kafka/cluster.ts";
import type { KafkaOptions } from "../kafka/options.ts";
import type { Manifest, PartitionManifest } from "../sinks/manifest.ts";
import { readManifest } from "../sinks/manifest-file.ts";
import type { PostgresDestination } from "./config/postgres.ts";
import { SETTINGS } from "./config/settings.ts";
import { checkLog } from "./verification/check-log.ts";
import { partitionReader } from "./verification/partition-records.ts";
import type { PartitionRange } from "./verification/recompute.ts";
import { type Verification, verifyOutput } from "./verification/verify-output.ts";
import { type TableVerification, verifyPostgres } from "./verification/verify-postgres.ts";
import { sparkSubject, verifySparkOutput } from "./verification/verify-spark.ts";

/** What to verify, and against what. */
export interface VerifyOptions {
  kafka: KafkaOptions;
  topic: string;
  /** The folder of results, with its manifest. */
  output: string;
  /** That its rows about the data were made with, where it has some; the usual one, when absent. */
  qualityFactor?: number;
  clock: Clock;
  /** Database whose tables are compared with the files of the output, too. */
  postgres?: PostgresDestination | undefined;
  /** Ends all with its reason. */
  signal?: AbortSignal;
  /** Called after every batch with the records read so far and those there are. */
  onProgress?: (recordsRead: number, recordsInAll: number) => void;
}

/** What was found in the files and, where there is one, in the database. */
export interface VerificationOfAll extends Verification {
  postgres?: TableVerification;
  /** Of an output of Spark's, which has no accounting: by query, late events that it dropped, as it must. */
  dropped?: ReadonlyMap<string, number>;
}

/**
 * Computes every closed window of an output tree again from the topic, with slow and independent code, and compares.
 * @throws ClickstreamError MANIFEST_MISSING, MANIFEST_UNREADABLE, TOPIC_MISSING, TOPIC_CHANGED, LOG_TRUNCATED and what
 * reading the topic may throw; BATCHES_FORGOTTEN; UsageError when the output is of another topic.
 */
export async function verify(options: VerifyOptions): Promise<VerificationOfAll> {
  const { kafka, clock, output, postgres, signal, onProgress = () => {} } = options;
  const { qualityFactor = SETTINGS.qualityFactor.default } = options;
  const manifest = await manifestOf(options);
  const cluster = await Cluster.connect(kafka);
  try {
    const topic = await cluster.topic(manifest.topic.name);
    if (topic === undefined) {
      throw new ClickstreamError({
        code: "TOPIC_MISSING",
        message: `There is no topic ${manifest.topic.name} on ${kafka.brokers.join(", ")}.`,
        nextStep: "Name the brokers and the topic that the output was made of.",
      });
    }
    const spark = manifest.engine === "spark" ? await sparkSubject(output, manifest) : undefined;
    const read = spark === undefined ? manifest.partitions : spark.ranges.map(wholeRange);
    checkLog(
      { ...manifest, partitions: read },
      {
        topicId: topic.id,
        earliest: await cluster.offsets(topic, "earliest"),
        ends: await cluster.offsets(topic, "lastStable"),
      },
    );
    const recordsInAll = read.reduce((sum, partition) => sum + partition.read, 0);
    const progress = (recordsRead: number): void => {
      signal?.throwIfAborted();
      onProgress(recordsRead, recordsInAll);
    };
    const reader = partitionReader({ kafka, clock, topic, signal });
    const found =
      spark === undefined
        ? await verifyOutput({ output, manifest, qualityFactor }, reader, progress)
        : await verifySparkOutput(output, manifest, spark, reader, progress);
    if (postgres === undefined) return found;
    return { ...found, postgres: await verifyPostgres(output, manifest, postgres) };
  } finally {
    await cluster.close();
  }
}

async function manifestOf({ output, topic }: VerifyOptions): Promise<Manifest> {
  const manifest = await readManifest(output);
  if (manifest === undefined) {
    throw new ClickstreamError({
      code: "MANIFEST_MISSING",
      message: `There is no manifest.json in ${output}, so nothing says what its rows were made of.`,
      nextStep: "Name the folder that process or run wrote to, after its first commit.",
    });
  }
  if (manifest.topic.name !== topic) {
    throw new UsageError(
      `The output in ${output} was made of topic ${manifest.topic.name}, not of ${topic}.`,
      `Use --topic ${manifest.topic.name}, or name another --output.`,
    );
  }
  return manifest;
}

/** A partition of which a range is read. */
function wholeRange({ partition, from, to }: PartitionRange): PartitionManifest {
  const accounting = { read: to - from, counted: 0, late: 0, dead: {} };
  return {
    partition,
    startOffset: from,
    position: to,
    greatestMs: null,
    floors: [],
    lost: [],
    ...accounting,
  };
}
