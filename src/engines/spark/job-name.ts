import { createHash } from "node:crypto";
import type { StreamingJob } from "./streaming-job.ts";

/** The same for the same job. Without the options of Kafka, which hold secrets and do not change what is computed. */
export function jobName({ conf, stages }: StreamingJob): string {
  const plain = stages.map(({ sources, views, queries }) => ({
    reads: sources.map(({ view }) => view),
    views,
    queries: queries.map(({ sink, ...query }) => ({ ...query, format: sink.format })),
  }));
  const text = JSON.stringify({ conf, stages: plain });
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
