import type { Manifest } from "../../sinks/manifest.ts";
import { JUDGED_EVENTS } from "../../sinks/spark-stages.ts";
import { DEAD_LETTERS } from "./compile/compile-job.ts";
import type { ProgressReport } from "./connect/progress-report.ts";
import { inputRows } from "./connect/progress-report.ts";
import type { QueryTotals } from "./query-totals.ts";
import type { SparkState } from "./spark-state.ts";

/** The latest batch of a query. */
export interface QueryFigures {
  query: string;
  batchId: number;
  batchMs: number;
  batchRows: number;
  /** Records a second that came to the topic between this batch's start and the one before. */
  inputPerSecond: number;
  /** Records a second while the batch ran. */
  processedPerSecond: number;
  stateRows: number;
  stateBytes: number;
  /** Since the query first ran. */
  droppedRows: number;
}

export function figuresOf(query: string, report: ProgressReport, { dropped }: QueryTotals): QueryFigures {
  const { sources, stateOperators, durationMs, batchId } = report;
  const sum = (values: readonly (number | undefined)[]) =>
    values.reduce<number>((total, value) => total + (value ?? 0), 0);
  return {
    query,
    batchId,
    batchMs: durationMs.triggerExecution ?? report.batchDuration,
    batchRows: inputRows(report),
    inputPerSecond: sum(sources.map((source) => source.inputRowsPerSecond)),
    processedPerSecond: sum(sources.map((source) => source.processedRowsPerSecond)),
    stateRows: sum(stateOperators.map((state) => state.numRowsTotal)),
    stateBytes: sum(stateOperators.map((state) => state.memoryUsedBytes)),
    droppedRows: dropped,
  };
}

/** Partition → first offset that was not judged yet. */
export function positionsOf({ startOffsets, totals }: SparkStateView): Map<number, number> {
  const { positions = {} } = totals[JUDGED_EVENTS] ?? {};
  return new Map(
    Object.entries({ ...startOffsets, ...positions }).map(([partition, offset]) => [
      Number(partition),
      offset,
    ]),
  );
}

/** What of a state the reports are about. */
export type SparkStateView = Pick<SparkState, "startOffsets" | "totals" | "ownership">;

/** Records that were judged. */
export function recordsRead({ totals }: SparkStateView): number {
  return totals[JUDGED_EVENTS]?.read ?? 0;
}

/** Every window that ends at or before it is final in every query; null before the first. */
export function closedThroughMs({ totals, ownership }: SparkStateView): number | null {
  const watermarks = ownership.queries.map(({ name }) => totals[name]?.watermarkMs ?? null);
  const known = watermarks.filter((watermark) => watermark !== null);
  if (known.length === 0 || known.length < watermarks.length) return null;
  return Math.min(...known);
}

/**
 * Windows of the pipeline's length that are final, from that of the first event on, and that are open. Spark counts neither: those without
 * events, which have no rows, are counted here as well.
 */
export function windowCounts(
  view: SparkStateView,
  newestEventMs: number | null,
): { closed: number; open: number } {
  const { sizeMs, slideMs } = view.ownership.windows;
  const firstMs = Math.min(...Object.values(view.totals).flatMap(({ firstEventMs }) => firstEventMs ?? []));
  if (!Number.isFinite(firstMs)) return { closed: 0, open: 0 };
  const firstEndMs = Math.floor(firstMs / slideMs) * slideMs + slideMs;
  const closedMs = closedThroughMs(view);
  const closed = closedMs === null ? 0 : Math.max(0, Math.floor((closedMs - firstEndMs) / slideMs) + 1);
  const lastEndMs = Math.floor((newestEventMs ?? firstMs) / slideMs) * slideMs + sizeMs;
  const all = (lastEndMs - firstEndMs) / slideMs + 1;
  return { closed, open: Math.max(0, all - closed) };
}

/** What the output says of itself. Spark reports counts of records read and of dead letters over all partitions only. */
export function manifestOf(view: SparkStateView): Manifest {
  const { ownership, startOffsets, totals } = view;
  const positions = positionsOf(view);
  return {
    format: 1,
    engine: "spark",
    ...ownership,
    closedThroughMs: closedThroughMs(view),
    partitions: Object.entries(startOffsets).map(([partition, startOffset]) => ({
      partition: Number(partition),
      startOffset,
      position: positions.get(Number(partition)) ?? startOffset,
      greatestMs: null,
      floors: [],
      lost: [],
      ...{ read: 0, counted: 0, late: 0, dead: {} },
    })),
    totals: {
      read: recordsRead(view),
      dead: totals[DEAD_LETTERS]?.written ?? 0,
      droppedRows: droppedRows(view),
    },
  };
}

/** Rows that queries dropped behind their watermarks. */
export function droppedRows({ totals }: Pick<SparkStateView, "totals">): number {
  return Object.values(totals).reduce((sum, { dropped }) => sum + dropped, 0);
}
