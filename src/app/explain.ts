import { ClickstreamError } from "../core/errors.ts";
import { stateFolderOf } from "../engines/embedded/embedded-engine.ts";
import { isStateLocked } from "../engines/state-lock.ts";
import { Cluster, topicChanged } from "../kafka/cluster.ts";
import type { KafkaOptions } from "../kafka/options.ts";
import type { Manifest } from "../sinks/manifest.ts";
import { readManifest } from "../sinks/manifest-file.ts";
import { type Explanation, explainPartitions, type Findings } from "./explanation/explain-partitions.ts";

/** What to explain. */
export interface ExplainOptions {
  kafka: KafkaOptions;
  /** The folder of results, with its manifest. */
  output: string;
  /** Told why the ends of the partitions are not known. */
  onUnanswered(reason: string): void;
}

/**
 * Where an output stands and what it waits for, from its manifest and, when Kafka answers, the ends of the partitions.
 * Harmless while an engine runs on the output.
 * @throws ClickstreamError MANIFEST_MISSING, MANIFEST_UNREADABLE
 */
export async function explain({ kafka, output, onUnanswered }: ExplainOptions): Promise<Explanation> {
  const manifest = await readManifest(output);
  if (manifest === undefined) {
    throw new ClickstreamError({
      code: "MANIFEST_MISSING",
      message: `There is no manifest.json in ${output}, so nothing has been committed there.`,
      nextStep: "Name the folder that process or run writes to, after its first commit.",
    });
  }
  const findings: Findings = { manifest, engineRuns: isStateLocked(stateFolderOf(output)) };
  try {
    return explainPartitions({ ...findings, ends: await endsOf(kafka, manifest) });
  } catch (error) {
    if (!(error instanceof ClickstreamError)) throw error;
    onUnanswered(error.message);
    return explainPartitions(findings);
  }
}

async function endsOf(kafka: KafkaOptions, manifest: Manifest): Promise<NonNullable<Findings["ends"]>> {
  const cluster = await Cluster.connect(kafka);
  try {
    const topic = await cluster.topic(manifest.topic.name);
    if (topic?.id !== manifest.topic.id) throw topicChanged(manifest.topic.name);
    // In this order, so that what is decided meanwhile does not look like an open transaction.
    const end = await cluster.offsets(topic, "end");
    return { end, lastStable: await cluster.offsets(topic, "lastStable") };
  } finally {
    await cluster.close();
  }
}
