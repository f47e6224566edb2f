import type { Clock } from "../../../core/clock.ts";

/** How often and how patiently a request is tried again. */
export interface RetryPolicy {
  /** Tries after the first without any progress between them. */
  attempts: number;
  firstDelayMs: number;
  /** Each delay is this much longer than the one before. */
  factor: number;
  longestDelayMs: number;
  /** No further try so long after the first failure, when each took its time; a silent server is noticed in 45 s. */
  withinMs: number;
}

/** Some 20 s in all: a server that restarts takes longer, and what waits for it must know that its session is gone. */
export const DEFAULT_RETRIES: RetryPolicy = {
  attempts: 10,
  firstDelayMs: 50,
  factor: 2,
  longestDelayMs: 5_000,
  withinMs: 40_000,
};

/** The tries of one piece of work. */
export class Retries {
  readonly #policy: RetryPolicy;
  readonly #clock: Clock;
  #used = 0;
  #firstFailureMs: number | undefined;

  constructor(policy: RetryPolicy, clock: Clock) {
    this.#policy = policy;
    this.#clock = clock;
  }

  /** Something came through: the count begins again. */
  progressed(): void {
    this.#used = 0;
    this.#firstFailureMs = undefined;
  }

  /** Waits before another try; false when there is none left or the signal aborts. */
  async again(signal: AbortSignal | undefined): Promise<boolean> {
    const { attempts, firstDelayMs, factor, longestDelayMs, withinMs } = this.#policy;
    const nowMs = this.#clock.monotonicMs();
    this.#firstFailureMs ??= nowMs;
    const isOver = this.#used >= attempts || nowMs - this.#firstFailureMs > withinMs;
    if (isOver || signal?.aborted) return false;
    const delayMs = Math.min(longestDelayMs, firstDelayMs * factor ** this.#used);
    this.#used++;
    await this.#clock.sleep(delayMs, signal);
    return !signal?.aborted;
  }
}
