import type { Clock } from "../core/clock.ts";

/** After a longer stall the events of the time before it are left out: no flood after a laptop's sleep. */
const MAX_DEBT_MS = 10_000;

/** Says how many events are due: so many a second from when it was made, or any number at full speed. */
export class Pace {
  /** null is full speed. */
  readonly perSecond: number | null;
  readonly #clock: Clock;
  #sinceMs: number;
  #taken = 0;

  constructor(perSecond: number | null, clock: Clock) {
    this.perSecond = perSecond;
    this.#clock = clock;
    this.#sinceMs = clock.monotonicMs();
  }

  /** How many events are due and not yet taken. */
  due(): number {
    if (this.perSecond === null) return Number.POSITIVE_INFINITY;
    const debt = (this.#elapsedMs() * this.perSecond) / 1_000 - this.#taken;
    const greatest = Math.max(1, (this.perSecond * MAX_DEBT_MS) / 1_000);
    if (debt > greatest) this.#sinceMs += ((debt - greatest) * 1_000) / this.perSecond;
    return Math.floor(Math.min(debt, greatest));
  }

  take(events: number): void {
    this.#taken += events;
  }

  /** Waits until `events` are due, or for `longestMs`, or until the signal aborts; but always for one event. */
  async wait(events: number, longestMs: number, signal: AbortSignal): Promise<void> {
    if (this.perSecond === null) return;
    const dueInMs = (count: number): number =>
      ((this.#taken + count) * 1_000) / this.perSecond! - this.#elapsedMs();
    const delayMs = Math.max(dueInMs(1), Math.min(longestMs, dueInMs(events)));
    // Timers fire up to a millisecond early.
    if (delayMs > 0) await this.#clock.sleep(Math.ceil(delayMs) + 1, signal);
  }

  #elapsedMs(): number {
    return this.#clock.monotonicMs() - this.#sinceMs;
  }
}
