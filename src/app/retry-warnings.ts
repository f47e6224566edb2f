import type { Clock } from "../core/clock.ts";
import type { Logger } from "./log.ts";

/** Hiccups of a Kafka that starts or moves a leader pass within seconds; nobody needs to read of those. */
const PATIENCE_MS = 5_000;
/** Without a retry for so long, the trouble before is over. */
const CALM_MS = 10_000;
const REPEAT_MS = 30_000;

/** Tells of retries once they have gone on for a while, and then now and again. */
export class RetryWarnings {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #who: string;
  #sinceMs = Number.NaN;
  #lastMs = Number.NEGATIVE_INFINITY;
  #warnedMs = Number.NEGATIVE_INFINITY;

  /** @param who subject of the warning: `the generator`. */
  constructor(log: Logger, clock: Clock, who: string) {
    this.#log = log;
    this.#clock = clock;
    this.#who = who;
  }

  /** Something failed for now and is tried again. */
  report(reason: string): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lastMs > CALM_MS) this.#sinceMs = nowMs;
    this.#lastMs = nowMs;
    const lastsMs = nowMs - this.#sinceMs;
    if (lastsMs < PATIENCE_MS || nowMs - this.#warnedMs < REPEAT_MS) {
      this.#log.debug({ reason }, `${this.#who} tries again`);
      return;
    }
    this.#warnedMs = nowMs;
    this.#log.warn({ reason }, `${this.#who} has been trying again for ${Math.round(lastsMs / 1_000)} s`);
  }
}
