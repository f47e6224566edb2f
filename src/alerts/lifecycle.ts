/** An alert that is on its way to fire, or fires; inactive ones have no state. Times as the rule counts them, ms. */
export interface AlertState {
  readonly phase: "pending" | "firing";
  /** Since when the condition holds. */
  readonly sinceMs: number;
  /** When it began to fire; null while pending. */
  readonly firedMs: number | null;
  /** The last value seen; null where there is none. */
  readonly value: number | null;
}

/** What was seen at one moment. */
export interface Observation {
  readonly timeMs: number;
  readonly value: number | null;
  /** Whether the condition holds. */
  readonly holds: boolean;
}

/** What an observation changed: `pending` and `cleared` (no longer pending) concern nobody outside. */
export type ChangeKind = "pending" | "cleared" | "firing" | "resolved";

/** The state behind an observation, and what changed by it. */
export interface Step {
  readonly state: AlertState | undefined;
  readonly change: ChangeKind | undefined;
}

/**
 * One step: inactive → pending → firing → inactive. It fires at the first observation at which the condition has held
 * for `forMs` without a break; firing ends with the first one at which it does not hold.
 */
export function advance(
  before: AlertState | undefined,
  { timeMs, value, holds }: Observation,
  forMs: number,
): Step {
  if (!holds) {
    const change =
      before === undefined ? undefined : before.phase === "firing" ? ("resolved" as const) : "cleared";
    return { state: undefined, change };
  }
  if (before?.phase === "firing") return { state: { ...before, value }, change: undefined };
  const sinceMs = before?.sinceMs ?? timeMs;
  if (timeMs - sinceMs >= forMs) {
    return { state: { phase: "firing", sinceMs, firedMs: timeMs, value }, change: "firing" };
  }
  const change = before === undefined ? ("pending" as const) : undefined;
  return { state: { phase: "pending", sinceMs, firedMs: null, value }, change };
}
