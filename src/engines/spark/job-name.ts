import { createHash } from "node:crypto";
import type { StreamingJob } from "./streaming-job.ts";

/** The same for the same job. Without the options of Kafka, which hold secrets and do not change what is computed. */
export function jobName({ conf, sources, views, queries }: StreamingJob): string {
  const plain = queries.map(({ sink, ...query }) => ({ ...query, format: sink.format }));
  const text = JSON.stringify({ conf, reads: sources.map(({ view }) => view), views, queries: plain });
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
