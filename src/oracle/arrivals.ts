import type { QueryPlan } from "../queries/plan.ts";

/** What became of a record, and how old it was. */
interface Arrival {
  fate: string;
  /** From the event's time to the record's, ms; null for what is no event. */
  ageMs: number | null;
}

/** By fate: how many, and their whole seconds. */
type Fates = Map<string, { events: number; seconds: number }>;

/** What became of all records, by the window in whose time they came. */
export class OracleArrivals {
  readonly #query: QueryPlan;
  readonly #sizeMs: number;
  readonly #closedThroughMs: number;
  /** By window start. */
  readonly #windows = new Map<number, Fates>();

  constructor(query: QueryPlan, sizeMs: number, closedThroughMs: number) {
    this.#query = query;
    this.#sizeMs = sizeMs;
    this.#closedThroughMs = closedThroughMs;
  }

  /** Takes a record whose partition had come to this time; −∞ before its first event. */
  add({ fate, ageMs }: Arrival, cameAtMs: number): void {
    if (cameAtMs === Number.NEGATIVE_INFINITY) return;
    const startMs = Math.floor(cameAtMs / this.#sizeMs) * this.#sizeMs;
    if (startMs + this.#sizeMs > this.#closedThroughMs) return;
    const fates: Fates = this.#windows.get(startMs) ?? new Map();
    this.#windows.set(startMs, fates);
    const { events, seconds } = fates.get(fate) ?? { events: 0, seconds: 0 };
    const age = ageMs === null ? 0 : Math.min(3_600, Math.max(0, Math.floor(ageMs / 1_000)));
    fates.set(fate, { events: events + 1, seconds: seconds + age });
  }

  /** Hands out, once, the windows that end by `leastMs`. */
  takeComplete(leastMs: number): { query: string; windowStartMs: number; rows: string }[] {
    const complete = [...this.#windows].filter(([startMs]) => startMs + this.#sizeMs <= leastMs);
    complete.sort(([a], [b]) => a - b);
    return complete.map(([startMs, fates]) => {
      this.#windows.delete(startMs);
      const times = {
        window_start: new Date(startMs).toISOString(),
        window_end: new Date(startMs + this.#sizeMs).toISOString(),
      };
      const lines = [...fates]
        .sort(([a], [b]) => (a < b ? -1 : 1)) // they are ASCII
        .map(([fate, { events, seconds }]) =>
          JSON.stringify({ ...times, fate, events, age_seconds: seconds }),
        );
      return { query: this.#query.name, windowStartMs: startMs, rows: `${lines.join("\n")}\n` };
    });
  }
}
