import type { MetricSample } from "../../alerts/metrics.ts";
import type { RunningEngine } from "../parts.ts";

/** What alert rules see of an engine now. */
export function metricSample(
  engine: Pick<RunningEngine, "snapshot" | "inspect">,
  { nowMs, failed, maxStateBytes }: { nowMs: number; failed: boolean; maxStateBytes: number },
): MetricSample {
  const { read, late, dead, lag, watermarkMs, commits, spark } = engine.snapshot();
  const { lastCommitMs, state } = engine.inspect();
  // Spark runs no batch while nothing comes; what it has read is then committed.
  const isUpToDate = spark !== undefined && lag === 0;
  return {
    atMs: nowMs,
    read,
    late,
    dead: Object.values(dead).reduce((sum, events) => sum + events, 0),
    lag,
    watermarkMs,
    lastCommitMs: isUpToDate ? nowMs : lastCommitMs,
    // Before the first commit nothing is known; Spark's state is bounded by its own means.
    stateShare: commits === 0 || spark !== undefined ? null : state.bytes / maxStateBytes,
    outboxEntries: commits === 0 ? null : state.outboxEntries,
    failed,
  };
}
