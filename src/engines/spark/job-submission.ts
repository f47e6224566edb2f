import { sqlRelation, streamRelation } from "./connect/relations.ts";
import type { SparkSession } from "./connect/session.ts";
import type { StreamWrite } from "./connect/stream-write.ts";
import type { StreamingQuery } from "./connect/streaming-query.ts";
import {
  queriesOf,
  type StreamingJob,
  type StreamingQuerySpec,
  type StreamingStage,
} from "./streaming-job.ts";

/**
 * Prepares a session for a job: queries of its names that are of another job (unless `isSame`) are stopped; they start
 * again from their checkpoints.
 * @throws SparkError
 */
export async function prepareSession(
  session: SparkSession,
  job: StreamingJob,
  isSame: boolean,
): Promise<void> {
  if (isSame) return;
  const names = new Set<string | null>(queriesOf(job).map(({ name }) => name));
  for (const query of await session.streams.active()) if (names.has(query.name)) await query.stop();
}

/**
 * Makes a prepared session run a stage: queries of it that run already are kept.
 * @throws SparkError
 */
export async function submitStage(session: SparkSession, stage: StreamingStage): Promise<StreamingQuery[]> {
  const names = new Set<string | null>(stage.queries.map(({ name }) => name));
  const kept = (await session.streams.active()).filter(({ name }) => names.has(name));
  const running = new Set(kept.map(({ name }) => name));
  const missing = stage.queries.filter(({ name }) => !running.has(name));
  if (missing.length > 0) await defineViews(session, stage);
  const started = await Promise.all(missing.map((spec) => session.start(writeOf(spec))));
  return [...kept, ...started];
}

async function defineViews(session: SparkSession, { sources, views }: StreamingStage): Promise<void> {
  for (const { view, format, options, ...files } of sources)
    await session.createView(view, streamRelation(format, options, files));
  for (const { view, sql } of views) await session.createView(view, sqlRelation(sql));
}

function writeOf({ name, sql, outputMode, sink, checkpoint, trigger }: StreamingQuerySpec): StreamWrite {
  const options = { checkpointLocation: checkpoint };
  const common = { input: sqlRelation(sql), name, outputMode, trigger, format: sink.format };
  return sink.format === "kafka"
    ? { ...common, options: { ...options, ...sink.options } }
    : { ...common, options, path: sink.path, partitionBy: sink.partitionBy };
}
