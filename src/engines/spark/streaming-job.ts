/** What the compiler makes of queries and the engine submits: plain data. */
export interface StreamingJob {
  /** Session settings: time zone, shuffle partitions, state store … */
  readonly conf: Readonly<Record<string, string>>;
  /** In order: a stage reads what the ones before it wrote. */
  readonly stages: readonly StreamingStage[];
}

/** Queries that run side by side. */
export interface StreamingStage {
  /** Streaming reads that become temporary views, once the queries of the stages before have started. */
  readonly sources: readonly StreamingSource[];
  /** Temporary views over them, in order. */
  readonly views: readonly { readonly view: string; readonly sql: string }[];
  readonly queries: readonly StreamingQuerySpec[];
}

/** A streaming read. */
export interface StreamingSource {
  readonly view: string;
  readonly format: "kafka" | "parquet";
  readonly options: Readonly<Record<string, string>>;
  /** Columns of files, as in a CREATE TABLE. */
  readonly schema?: string;
  /** Folder of files. */
  readonly path?: string;
}

/** One streaming query. */
export interface StreamingQuerySpec {
  /** Name of the query in the pipeline, or one of the job's own. */
  readonly name: string;
  readonly sql: string;
  readonly outputMode: "append";
  readonly sink:
    | {
        readonly format: "json" | "parquet";
        readonly path: string;
        readonly partitionBy: readonly string[];
      }
    | { readonly format: "kafka"; readonly options: Readonly<Record<string, string>> };
  /** Folder of its checkpoint. */
  readonly checkpoint: string;
  readonly trigger: { readonly processingTimeMs: number } | "availableNow";
}

/** All queries of a job, in the order of its stages. */
export function queriesOf({ stages }: StreamingJob): readonly StreamingQuerySpec[] {
  return stages.flatMap(({ queries }) => queries);
}
