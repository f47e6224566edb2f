import { inputRows, type ProgressReport } from "./connect/progress-report.ts";

/** What a streaming query has done since it first ran, from the reports on its batches. */
export interface QueryTotals {
  /** Of the latest finished batch; −1 before the first. */
  batchId: number;
  /** Records read. */
  read: number;
  /** Rows written, where the sink counts them; those of files it does not. */
  written: number;
  /** Rows dropped because they came behind the watermark, counted after partial aggregation. */
  dropped: number;
  /** Partition → next offset to read. */
  positions: Readonly<Record<string, number>>;
  /** That of the latest batch, ms since the epoch; windows that end at or before it are final. Null before the first. */
  watermarkMs: number | null;
  /** The least event time of the first batch with any, ms since the epoch. */
  firstEventMs: number | null;
}

/** A query that has done nothing yet. */
export const NO_TOTALS: QueryTotals = {
  batchId: -1,
  read: 0,
  written: 0,
  dropped: 0,
  positions: {},
  watermarkMs: null,
  firstEventMs: null,
};

/**
 * The totals after one more report. A report that is known counts once, and one that Spark sends while it waits, with the
 * number of the batch to come, not at all. Where reports of batches between are missing, because the server died or this
 * process was away for long, what they read is taken from the offsets.
 */
export function afterBatch(totals: QueryTotals, report: ProgressReport, topic: string): QueryTotals {
  if (report.batchId <= totals.batchId || report.durationMs.addBatch === undefined) return totals;
  const starts = offsetsOf(report.sources[0]?.startOffset, topic);
  const ends = offsetsOf(report.sources[0]?.endOffset, topic);
  const dropped = report.stateOperators.reduce((sum, state) => sum + state.numRowsDroppedByWatermark, 0);
  const watermarkMs = timeOf(report.eventTime?.watermark);
  return {
    batchId: report.batchId,
    read: totals.read + unreported(totals.positions, starts) + inputRows(report),
    written: totals.written + Math.max(0, report.sink.numOutputRows),
    dropped: totals.dropped + dropped,
    positions: { ...totals.positions, ...ends },
    watermarkMs: watermarkMs || totals.watermarkMs, // Spark's first one is 1970
    firstEventMs: totals.firstEventMs ?? timeOf(report.eventTime?.min),
  };
}

/** Records between where the known batches end and where a later one starts. */
function unreported(positions: QueryTotals["positions"], starts: Readonly<Record<string, number>>): number {
  return Object.entries(starts).reduce((sum, [partition, start]) => {
    const known = positions[partition];
    return known === undefined ? sum : sum + Math.max(0, start - known);
  }, 0);
}

/** Spark writes offsets as `{"topic":{"0":17}}`, as an object or as text of one; there are none before the first batch. */
function offsetsOf(offset: unknown, topic: string): Readonly<Record<string, number>> {
  const read: unknown = typeof offset === "string" ? JSON.parse(offset) : offset;
  return (read as Record<string, Record<string, number>> | null | undefined)?.[topic] ?? {};
}

function timeOf(text: string | undefined): number | null {
  return text === undefined ? null : Date.parse(text);
}
