import type { ClickEvent } from "../events/event.ts";
import type { WindowLengths } from "../queries/plan.ts";

/** A window, and the events that count in it. */
interface CompleteWindow {
  startMs: number;
  endMs: number;
  events: ClickEvent[];
}

/** Events by the windows of one size and slide that hold them. */
export class EventWindows {
  readonly #sizeMs: number;
  readonly #slideMs: number;
  /** By window start. */
  readonly #events = new Map<number, ClickEvent[]>();

  constructor({ sizeMs, slideMs }: WindowLengths) {
    this.#sizeMs = sizeMs;
    this.#slideMs = slideMs;
  }

  /** End of the last window that holds the time. */
  lastEndMs(timeMs: number): number {
    return Math.floor(timeMs / this.#slideMs) * this.#slideMs + this.#sizeMs;
  }

  /** Keeps an event for its windows that end in (afterMs, throughMs]; how many of them end after `afterMs`. */
  add(event: ClickEvent, afterMs: number, throughMs: number): number {
    let windows = 0;
    for (let endMs = this.lastEndMs(event.timeMs); endMs > event.timeMs; endMs -= this.#slideMs) {
      if (endMs <= afterMs) break;
      windows++;
      if (endMs > throughMs) continue;
      const events = this.#events.get(endMs - this.#sizeMs);
      if (events === undefined) this.#events.set(endMs - this.#sizeMs, [event]);
      else events.push(event);
    }
    return windows;
  }

  /** Hands out, once and in ascending order, the windows with events that end by `leastMs`. */
  takeComplete(leastMs: number): CompleteWindow[] {
    const complete = [...this.#events].filter(([startMs]) => startMs + this.#sizeMs <= leastMs);
    complete.sort(([a], [b]) => a - b);
    return complete.map(([startMs, events]) => {
      this.#events.delete(startMs);
      return { startMs, endMs: startMs + this.#sizeMs, events };
    });
  }
}
