/** `clickstream/spark`: a client of Spark Connect for TypeScript that runs SQL and streaming queries. */

export type { StreamingJob, StreamingQuerySpec } from "../streaming-job.ts";
export type { Row } from "./arrow-rows.ts";
export type { Command } from "./commands.ts";
export { type Endpoint, parseEndpoint } from "./endpoint.ts";
export type { ProgressReport, SourceReport, StateReport } from "./progress-report.ts";
export { type Relation, relation, sqlRelation, streamRelation } from "./relations.ts";
export { DEFAULT_RETRIES, type RetryPolicy } from "./retries.ts";
export { type SessionOptions, SparkSession } from "./session.ts";
export { SparkError, type SparkErrorCode, type SparkErrorFacts } from "./spark-error.ts";
export type { StreamWrite } from "./stream-write.ts";
export type { StreamingEvent } from "./streaming-events.ts";
export type { StreamingQueries } from "./streaming-queries.ts";
export type { StreamingQuery, StreamingStatus } from "./streaming-query.ts";
