import type { Clock } from "../core/clock.ts";

interface Sleeper {
  untilMs: number;
  wake(): void;
}

/** Time that passes only when told to, for one sleeper: the coordinator. */
export class ManualClock implements Clock {
  private now: number;
  private sleeper: Sleeper | undefined;
  private fellAsleep = Promise.withResolvers<void>();

  constructor(startMs: number) {
    this.now = startMs;
  }

  nowMs(): number {
    return this.now;
  }

  monotonicMs(): number {
    return this.now;
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (signal?.aborted) resolve();
    else {
      const wake = (): void => {
        signal?.removeEventListener("abort", wake);
        this.forgetSleeper();
        resolve();
      };
      this.sleeper = { untilMs: this.now + durationMs, wake };
      signal?.addEventListener("abort", wake);
      this.fellAsleep.resolve();
    }
    return promise;
  }

  /** Resolves when somebody sleeps. */
  get asleep(): Promise<void> {
    return this.fellAsleep.promise;
  }

  /** Moves to when the sleeper wanted to wake and wakes it; false, and nothing, when that is after `untilMs`. */
  wakeBy(untilMs: number): boolean {
    if (this.sleeper === undefined || this.sleeper.untilMs > untilMs) return false;
    this.now = Math.max(this.now, this.sleeper.untilMs);
    this.sleeper.wake();
    return true;
  }

  moveTo(timeMs: number): void {
    this.now = Math.max(this.now, timeMs);
  }

  /** The sleeper never wakes: its process was killed. */
  forgetSleeper(): void {
    this.sleeper = undefined;
    this.fellAsleep = Promise.withResolvers();
  }
}
