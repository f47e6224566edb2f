/** What the compiler makes of queries and the engine submits: plain data. */
export interface StreamingJob {
  /** Session settings: time zone, shuffle partitions, state store … */
  readonly conf: Readonly<Record<string, string>>;
  /** Streaming reads that become temporary views. */
  readonly sources: readonly {
    readonly view: string;
    readonly format: "kafka";
    readonly options: Readonly<Record<string, string>>;
  }[];
  /** Temporary views over them, in order. */
  readonly views: readonly { readonly view: string; readonly sql: string }[];
  readonly queries: readonly StreamingQuerySpec[];
}

/** One streaming query. */
export interface StreamingQuerySpec {
  /** Name of the query in the pipeline, or `dead_letters`. */
  readonly name: string;
  readonly sql: string;
  readonly outputMode: "append";
  readonly sink:
    | { readonly format: "json"; readonly path: string; readonly partitionBy: readonly string[] }
    | { readonly format: "kafka"; readonly options: Readonly<Record<string, string>> };
  /** Folder of its checkpoint. */
  readonly checkpoint: string;
  readonly trigger: { readonly processingTimeMs: number } | "availableNow";
}
