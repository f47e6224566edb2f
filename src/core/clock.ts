import { setTimeout as delay } from "node:timers/promises";

/** Time as the program sees it; handed in so that a simulation can own it. */
export interface Clock {
  /** Wall-clock time, ms since the epoch. May jump. */
  nowMs(): number;
  /** Time that only goes forward, ms since an arbitrary start. */
  monotonicMs(): number;
  /** Resolves after `durationMs`, or at once when the signal aborts (it never rejects). */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(durationMs, signal) {
    await delay(durationMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  },
};
