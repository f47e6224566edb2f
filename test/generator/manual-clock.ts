import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../../src/core/clock.ts";

/** Time that passes only in sleeps, which let others have their turn, and when a test says so. */
export class ManualClock implements Clock {
  #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return Math.floor(this.#nowMs);
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  async sleep(durationMs: number): Promise<void> {
    this.#nowMs += durationMs;
    await nextTurn();
  }

  pass(durationMs: number): void {
    this.#nowMs += durationMs;
  }
}
