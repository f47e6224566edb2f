/** What Spark reports of one batch of a streaming query. Spark adds fields now and then; these are read here. */
export interface ProgressReport {
  id: string;
  runId: string;
  name: string | null;
  /** Start of the trigger, ISO 8601. */
  timestamp: string;
  batchId: number;
  batchDuration: number;
  /** By phase, ms: `triggerExecution` is the whole. */
  durationMs: Readonly<Record<string, number>>;
  /** ISO 8601; absent members have no value yet, and queries without event time have none at all. */
  eventTime?: { readonly min?: string; readonly max?: string; readonly watermark?: string };
  stateOperators: readonly StateReport[];
  sources: readonly SourceReport[];
  /** −1 where the sink does not count. */
  sink: { readonly description: string; readonly numOutputRows: number };
}

export interface StateReport {
  operatorName: string;
  numRowsTotal: number;
  numRowsUpdated: number;
  memoryUsedBytes: number;
  /** Rows that came behind the watermark, counted after partial aggregation: fewer than their events. */
  numRowsDroppedByWatermark: number;
  customMetrics?: Readonly<Record<string, number>>;
}

export interface SourceReport {
  description: string;
  startOffset: unknown;
  endOffset: unknown;
  latestOffset: unknown;
  numInputRows: number;
  inputRowsPerSecond?: number;
  processedRowsPerSecond?: number;
  metrics?: Readonly<Record<string, string>>;
}

/** Reads a report as Spark sends it. */
export function parseProgress(json: string): ProgressReport {
  return JSON.parse(json) as ProgressReport;
}

/** Rows that came in with the batch; there is no total in Spark's report. */
export function inputRows({ sources }: ProgressReport): number {
  return sources.reduce((sum, { numInputRows }) => sum + numInputRows, 0);
}
