import { type AlertState, advance, type ChangeKind } from "./lifecycle.ts";
import type { MetricHistory } from "./metrics.ts";
import type { MetricRule } from "./rule.ts";

/** Longer without a look, a condition is not known to have held all the time: what is pending begins anew. */
const LONGEST_GAP_MS = 60_000;

/** A look at one rule of the pipeline. */
export interface MetricStep {
  readonly state: AlertState | undefined;
  readonly change: ChangeKind | undefined;
  readonly value: number | null;
}

/**
 * Looks at a rule of the pipeline now; `lookedMs` is when that was done before, in whichever process. A start alone resolves
 * nothing: that takes a look which can tell.
 */
export function evaluateMetric(
  { metric, condition, overMs, forMs }: MetricRule,
  history: MetricHistory,
  { before, lookedMs, nowMs }: { before: AlertState | undefined; lookedMs: number | null; nowMs: number },
): MetricStep {
  const value = history.value(metric, overMs, nowMs);
  const { kind, limit } = condition;
  const holds = value !== null && (kind === "above" ? value > limit : value < limit);
  if (!holds && before?.phase === "firing" && !history.canClear(metric, overMs, nowMs))
    return { state: before, change: undefined, value };
  const isGap = lookedMs === null || nowMs - lookedMs > LONGEST_GAP_MS || nowMs < lookedMs;
  const known = before?.phase === "pending" && isGap ? undefined : before;
  return { ...advance(known, { timeMs: nowMs, value, holds }, forMs), value };
}
