import { sqlRelation, streamRelation } from "./connect/relations.ts";
import type { SparkSession } from "./connect/session.ts";
import type { StreamWrite } from "./connect/stream-write.ts";
import type { StreamingQuery } from "./connect/streaming-query.ts";
import type { StreamingJob, StreamingQuerySpec } from "./streaming-job.ts";

/**
 * Makes a session run a job: queries of it that run already are kept when they are of the same job (`isSame`), else they
 * are stopped and start again from their checkpoints.
 * @throws SparkError
 */
export async function submitJob(
  session: SparkSession,
  job: StreamingJob,
  isSame: boolean,
): Promise<StreamingQuery[]> {
  const names = new Set(job.queries.map(({ name }) => name));
  const running = (await session.streams.active()).filter(({ name }) => name !== null && names.has(name));
  if (!isSame) for (const query of running) await query.stop();
  const kept = new Map(isSame ? running.map((query) => [query.name, query]) : []);
  const missing = job.queries.filter(({ name }) => !kept.has(name));
  if (missing.length > 0) await defineViews(session, job);
  const started = await Promise.all(missing.map((spec) => session.start(writeOf(spec))));
  return [...kept.values(), ...started];
}

async function defineViews(session: SparkSession, { conf, sources, views }: StreamingJob): Promise<void> {
  await session.configure(conf);
  for (const { view, format, options } of sources)
    await session.createView(view, streamRelation(format, options));
  for (const { view, sql } of views) await session.createView(view, sqlRelation(sql));
}

function writeOf({ name, sql, outputMode, sink, checkpoint, trigger }: StreamingQuerySpec): StreamWrite {
  const options = { checkpointLocation: checkpoint };
  const common = { input: sqlRelation(sql), name, outputMode, trigger, format: sink.format };
  return sink.format === "json"
    ? { ...common, options, path: sink.path, partitionBy: sink.partitionBy }
    : { ...common, options: { ...options, ...sink.options } };
}
