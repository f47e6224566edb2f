/** What producing has done so far. */
export interface ProducerSnapshot {
  /** Events acknowledged on the topic, those of earlier runs included. */
  produced: number;
  /** Events that the topic shall hold before live ones. */
  total: number;
  /** Whether the total is reached and live events follow. */
  live: boolean;
  perSecond: number;
  /** Events handed to Kafka at once. */
  batchEvents: number;
  /** How long each of the latest batches took from first byte to acknowledgement, ms, newest first. */
  batchMs: readonly number[];
}

/** What processing has done so far, from committed state. */
export interface EngineSnapshot {
  /** Events read, those of earlier runs included: counted + duplicates + late + dead. */
  read: number;
  counted: number;
  /** Only with `--dedupe`. */
  duplicates?: number | undefined;
  late: number;
  /** Dead letters by reason. */
  dead: Readonly<Record<string, number>>;
  /** Events on the topic that are not read yet; null before Kafka said. */
  lag: number | null;
  perSecond: number;
  commits: number;
  /** How long each of the latest commits took, ms, newest first. */
  commitMs: readonly number[];
  windowsClosed: number;
  windowsOpen: number;
  /** Time up to which windows are closed, ms since the epoch; null before any event. */
  watermarkMs: number | null;
  /** Only under the Spark engine, which knows no late events and of dead letters only their number. */
  spark?: SparkSnapshot;
  /** How far PostgreSQL is; absent where results go into files alone. */
  postgres?: PostgresSnapshot | undefined;
}

/** What Spark reports beside the common figures. */
export interface SparkSnapshot {
  /** The latest batch of each query that has finished one in this run. */
  queries: readonly SparkQuerySnapshot[];
  /** Of the slowest query's latest batch: records that came a second, and that it processed a second. */
  inputPerSecond: number;
  processedPerSecond: number;
  /** Rows dropped behind watermarks since the beginning, after partial aggregation: fewer than their events. */
  droppedRows: number;
  stateRows: number;
  stateBytes: number;
  /** Of all executors together; null when the driver's page can't be reached. */
  executors: number | null;
  activeTasks: number | null;
}

/** A streaming query. */
export interface SparkQuerySnapshot {
  query: string;
  batchId: number;
  batchMs: number;
  batchRows: number;
  inputPerSecond: number;
  processedPerSecond: number;
  stateRows: number;
  stateBytes: number;
  droppedRows: number;
}

/** What copying results to PostgreSQL has done so far. */
export interface PostgresSnapshot {
  /** Windows and rows written in this run. */
  windows: number;
  rows: number;
  /** Windows that are final and not written yet. */
  waiting: number;
  /** Code of what stands in the way; null when nothing does. */
  trouble: string | null;
}

/** One look at a running pipeline; plain data. A part that this process does not run is null. */
export interface PipelineSnapshot {
  elapsedMs: number;
  producer: ProducerSnapshot | null;
  engine: EngineSnapshot | null;
}
