import type { Clock } from "../core/clock.ts";
import type { AlertStore, Undelivered } from "./alert-store.ts";
import { notificationText } from "./notification.ts";
import { type AlertSink, RefusedNotification } from "./sink.ts";

const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 300_000;
/** Nobody wants to be told of what was so long ago; until then it is tried. */
const GIVEN_UP_AFTER_MS = 86_400_000;

/** What deliveries work with. */
export interface DeliveryOptions {
  store: AlertStore;
  sink: AlertSink;
  clock: Clock;
  /** Told why something was not delivered yet, or never will be. */
  onProblem(message: string): void;
  /** Something is no longer waiting. */
  onDelivered(): void;
  /** Pauses between attempts, for tests. */
  delaysMs?: { first: number; most: number };
}

/** Delivers what is recorded for one sink, in order, each until it is taken, refused, or a day old. */
export class Deliveries {
  readonly #options: DeliveryOptions;
  readonly #stopping = new AbortController();
  #wake = Promise.withResolvers<void>();
  readonly #working: Promise<void>;
  #idle = Promise.withResolvers<void>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#working = this.#work();
  }

  /** Something may have been recorded. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Resolves when nothing is left to deliver, or after so long. */
  async drained(atMostMs: number): Promise<void> {
    const { store, sink, clock } = this.#options;
    const ended = new AbortController();
    if (store.next(sink.name) !== undefined) {
      this.#idle = Promise.withResolvers();
      this.wake();
      await Promise.race([this.#idle.promise, clock.sleep(atMostMs, ended.signal)]);
    }
    ended.abort();
  }

  /** Ends what is under way; it is delivered after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#working;
    await this.#options.sink.close?.();
  }

  async #work(): Promise<void> {
    const { store, sink, clock, onProblem } = this.#options;
    while (!this.#stopping.signal.aborted) {
      try {
        const next = store.next(sink.name);
        if (next !== undefined) {
          await this.#deliver(next);
          continue;
        }
      } catch (error) {
        onProblem(`what the ${sink.name} is to be told can't be read: ${(error as Error).message}`);
        await clock.sleep(MAX_DELAY_MS, this.#stopping.signal);
        continue;
      }
      this.#idle.resolve();
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }

  async #deliver(undelivered: Undelivered): Promise<void> {
    const { sink, clock, onProblem, delaysMs } = this.#options;
    const { first, most } = delaysMs ?? { first: FIRST_DELAY_MS, most: MAX_DELAY_MS };
    const { signal } = this.#stopping;
    const what = `the alert "${notificationText(undelivered.notification)}"`;
    for (let delayMs = first; !signal.aborted; delayMs = Math.min(2 * delayMs, most)) {
      try {
        await sink.send(undelivered.notification, signal);
        this.#done(undelivered);
        return;
      } catch (error) {
        if (signal.aborted) return;
        const reason = (error as Error).message;
        const isOld = clock.nowMs() - undelivered.recordedMs > GIVEN_UP_AFTER_MS;
        if (error instanceof RefusedNotification || isOld) {
          onProblem(`${what} is not told to the ${sink.name}: ${reason}`);
          this.#done(undelivered);
          return;
        }
        onProblem(`the ${sink.name} was not told of ${what} yet: ${reason}`);
      }
      await clock.sleep(delayMs, signal);
    }
  }

  #done({ number }: Undelivered): void {
    this.#options.store.delivered(number);
    this.#options.onDelivered();
  }
}
