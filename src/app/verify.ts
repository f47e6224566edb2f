import type { Clock } from "../core/clock.ts";
import { ClickstreamError, UsageError } from "../core/errors.ts";
import { Cluster } from "../kafka/cluster.ts";
import type { KafkaOptions } from "../kafka/options.ts";
import type { Manifest } from "../sinks/manifest.ts";
import { readManifest } from "../sinks/manifest-file.ts";
import { checkLog } from "./verification/check-log.ts";
import { partitionReader } from "./verification/partition-records.ts";
import { type Verification, verifyOutput } from "./verification/verify-output.ts";

/** What to verify, and against what. */
export interface VerifyOptions {
  kafka: KafkaOptions;
  topic: string;
  /** The folder of results, with its manifest. */
  output: string;
  clock: Clock;
  /** Called after every batch with the records read so far and those there are. */
  onProgress?: (recordsRead: number, recordsInAll: number) => void;
}

/**
 * Computes every closed window of an output tree again from the topic, with slow and independent code, and compares.
 * @throws ClickstreamError MANIFEST_MISSING, MANIFEST_UNREADABLE, TOPIC_MISSING, TOPIC_CHANGED, LOG_TRUNCATED and what
 * reading the topic may throw; UsageError when the output is of another topic or engine.
 */
export async function verify(options: VerifyOptions): Promise<Verification> {
  const { kafka, clock, output, onProgress = () => {} } = options;
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
    checkLog(manifest, {
      topicId: topic.id,
      earliest: await cluster.offsets(topic, "earliest"),
      ends: await cluster.offsets(topic, "lastStable"),
    });
    const recordsInAll = manifest.partitions.reduce((sum, { read }) => sum + read, 0);
    return await verifyOutput(output, manifest, partitionReader(kafka, clock, topic), (recordsRead) =>
      onProgress(recordsRead, recordsInAll),
    );
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
  if (manifest.engine !== "embedded") {
    throw new UsageError(
      `The output in ${output} was written by the ${manifest.engine} engine, whose rows of late events differ.`,
      "Name an output of the embedded engine.",
    );
  }
  return manifest;
}
