import type { Clock } from "../core/clock.ts";

/** How a generator is doing. */
export interface GeneratorProgress {
  /** Events on the topic, in committed transactions, those of earlier runs included. */
  produced: number;
  /** Events that the topic shall hold before live ones. */
  total: number;
  /** Whether the total is reached and live events follow. */
  live: boolean;
  /** Over the last few seconds. */
  eventsPerSecond: number;
  /** How long each of the latest batches took from its first byte to its acknowledgement, ms, newest first. */
  batchMs: readonly number[];
}

const REPORT_EVERY_MS = 100;
const RATE_OVER_MS = 3_000;
const LATEST_BATCHES = 8;

/** Collects what `GeneratorProgress` says, and passes it on now and then. */
export class ProgressMeter {
  readonly #clock: Clock;
  readonly #commits: { atMs: number; produced: number }[];
  #batchMs: number[] = [];
  #reportedAtMs = Number.NEGATIVE_INFINITY;
  #reported = -1;

  constructor(clock: Clock, produced: number) {
    this.#clock = clock;
    this.#commits = [{ atMs: clock.monotonicMs(), produced }];
  }

  batch(durationMs: number): void {
    if (this.#batchMs.unshift(durationMs) > LATEST_BATCHES) this.#batchMs.pop();
  }

  committed(produced: number): void {
    const atMs = this.#clock.monotonicMs();
    this.#commits.push({ atMs, produced });
    while (this.#commits.length > 2 && this.#commits[1]!.atMs <= atMs - RATE_OVER_MS) this.#commits.shift();
  }

  /** Reports at most every 100 ms, but after every commit. */
  report(total: number, live: boolean, onProgress: (progress: GeneratorProgress) => void): void {
    const nowMs = this.#clock.monotonicMs();
    const first = this.#commits[0]!;
    const last = this.#commits.at(-1)!;
    if (last.produced === this.#reported && nowMs - this.#reportedAtMs < REPORT_EVERY_MS) return;
    this.#reportedAtMs = nowMs;
    this.#reported = last.produced;
    const overMs = last.atMs - first.atMs;
    const eventsPerSecond = overMs === 0 ? 0 : ((last.produced - first.produced) * 1_000) / overMs;
    onProgress({ produced: last.produced, total, live, eventsPerSecond, batchMs: [...this.#batchMs] });
  }
}
