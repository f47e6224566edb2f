/** What the pipeline's rules can watch. Shares are of the events read in the time that the rule names. */
export const METRICS = [
  "lag_events",
  "dead_letter_share",
  "late_share",
  "quiet_seconds",
  "watermark_stuck_seconds",
  "watermark_delay_seconds",
  "commit_age_seconds",
  "engine_failed",
  "state_share",
  "outbox_entries",
] as const;
export type MetricName = (typeof METRICS)[number];

/** The pipeline at one moment, as the page and the metrics tell it. Counts are totals; null is unknown. */
export interface MetricSample {
  /** Wall-clock time, ms since the epoch. */
  readonly atMs: number;
  readonly read: number;
  readonly late: number;
  readonly dead: number;
  readonly lag: number | null;
  readonly watermarkMs: number | null;
  readonly lastCommitMs: number | null;
  /** Open windows' part of the memory they may take. */
  readonly stateShare: number | null;
  readonly outboxEntries: number | null;
  /** Whether the engine has ended with an error. */
  readonly failed: boolean;
}

/** Without events for so long, nobody can expect the watermark to move. */
const QUIET_MS = 60_000;
/** Shares of fewer events than this say nothing. */
const LEAST_READ = 100;
/** Samples for shares are kept for so long; rules can't ask for more. */
export const LONGEST_OVER_MS = 3_600_000;

/** The samples of this process, and what they make of each metric. */
export class MetricHistory {
  readonly #startedMs: number;
  readonly #samples: MetricSample[] = [];
  /** When events were read last; the start before the first. */
  #readAtMs: number;
  /** Since when events came in and the watermark stood still; undefined while it moves or nothing comes. */
  #stuckSinceMs: number | undefined;
  #hasRead = false;
  #hasMoved = false;

  constructor(startedMs: number) {
    this.#startedMs = startedMs;
    this.#readAtMs = startedMs;
  }

  add(sample: MetricSample): void {
    const before = this.#samples.at(-1);
    const hasRead = before !== undefined && sample.read > before.read;
    if (hasRead) this.#readAtMs = sample.atMs;
    this.#hasRead ||= hasRead;
    const watermarkMs = before?.watermarkMs ?? sample.watermarkMs; // one that is known at last has not moved
    this.#hasMoved ||= sample.watermarkMs !== watermarkMs;
    const isQuiet = sample.atMs - this.#readAtMs > QUIET_MS;
    if (isQuiet || sample.watermarkMs !== before?.watermarkMs) this.#stuckSinceMs = undefined;
    else if (hasRead) this.#stuckSinceMs ??= before.atMs;
    this.#samples.push(sample);
    // One older than the longest stretch stays: what was read since then is told by it.
    while ((this.#samples[1]?.atMs ?? Number.POSITIVE_INFINITY) <= sample.atMs - LONGEST_OVER_MS) {
      this.#samples.shift();
    }
  }

  /** Null where nobody knows. */
  value(metric: MetricName, overMs: number, nowMs: number): number | null {
    const last = this.#samples.at(-1);
    if (last === undefined) return null;
    const secondsSince = (thenMs: number): number => Math.max(0, nowMs - thenMs) / 1_000;
    switch (metric) {
      case "lag_events":
        return last.lag;
      case "dead_letter_share":
        return this.#share("dead", last, overMs);
      case "late_share":
        return this.#share("late", last, overMs);
      case "quiet_seconds":
        return secondsSince(this.#readAtMs);
      case "watermark_stuck_seconds":
        return this.#stuckSinceMs === undefined ? 0 : secondsSince(this.#stuckSinceMs);
      case "watermark_delay_seconds":
        return last.watermarkMs === null ? null : secondsSince(last.watermarkMs);
      case "commit_age_seconds":
        return secondsSince(Math.max(last.lastCommitMs ?? 0, this.#startedMs));
      case "engine_failed":
        return last.failed ? 1 : 0;
      case "state_share":
        return last.stateShare;
      case "outbox_entries":
        return last.outboxEntries;
    }
  }

  /**
   * Whether this process has seen enough to say that a metric is low again: what an earlier one found may hold on. Later than
   * `overMs` after the start, what it can't see counts as seen.
   */
  canClear(metric: MetricName, overMs: number, nowMs: number): boolean {
    const last = this.#samples.at(-1);
    const isQuiet = nowMs - this.#readAtMs > QUIET_MS;
    switch (metric) {
      case "quiet_seconds":
        return this.#hasRead;
      case "watermark_stuck_seconds":
        return this.#hasMoved || isQuiet;
      case "commit_age_seconds":
      case "engine_failed":
        return (last?.lastCommitMs ?? 0) > this.#startedMs;
      default:
        return this.value(metric, overMs, nowMs) !== null || nowMs - this.#startedMs > overMs;
    }
  }

  #share(of: "dead" | "late", last: MetricSample, overMs: number): number | null {
    const first = this.#samples.findLast(({ atMs }) => atMs <= last.atMs - overMs) ?? this.#samples[0]!;
    const read = last.read - first.read;
    return read < LEAST_READ ? null : (last[of] - first[of]) / read;
  }
}
