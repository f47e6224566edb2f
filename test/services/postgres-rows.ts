import { DEFAULT_EVENT_RULES } from "../../src/events/event.ts";
import { DEFAULT_WINDOWS, type QueryPlan } from "../../src/queries/plan.ts";
import { count, query, sum, timeSpan } from "../../src/queries/query.ts";
import type { PostgresOwnership } from "../../src/sinks/postgres/schema.ts";
import type { KeptFrom, ResultWindows, WindowKey } from "../../src/sinks/postgres/tree-follower.ts";
import type { WindowRows } from "../../src/sinks/sink.ts";
import { rowOf, windowRows } from "../contracts/sink.ts";

export const NOON_MS = Date.UTC(2026, 10, 23, 12);
export const DAY_MS = 86_400_000;

/** Text and numbers of every kind. */
export const PAGES = query("pages", {
  by: ["url", "browser"],
  measures: { events: count(), seconds: timeSpan("session_id"), revenue: sum("price") },
});

/** The owner of these queries. */
export function ownershipOf(queries: readonly QueryPlan[] = [PAGES]): PostgresOwnership {
  const topic = { name: "clicks", id: "00000000-0000-4000-8000-000000000001" };
  return { topic, queries, windows: DEFAULT_WINDOWS, rules: DEFAULT_EVENT_RULES };
}

/** The window of `pages` that starts so many minutes after noon. */
export function pagesWindow(minute: number, ...urls: readonly string[]): WindowRows {
  const startMs = NOON_MS + minute * 60_000;
  const lines = urls
    .toSorted((a, b) => Buffer.from(a).compare(Buffer.from(b)))
    .map((url) => rowOf(startMs, { url, browser: "Firefox", events: minute, seconds: 1.5, revenue: 0 }));
  const exact = lines.map((line) => line.replace('"revenue":0', '"revenue":123456789012345678901.000001'));
  return windowRows("pages", startMs, exact);
}

/** Final windows in memory: what an output tree is to a follower. */
export class WindowsInMemory implements ResultWindows {
  readonly #windows = new Map<string, WindowRows>();
  #keptFromMs: number | undefined;

  add(window: WindowRows): void {
    this.#windows.set(`${window.query}@${window.windowStartMs}`, window);
  }

  async list(): Promise<WindowRows[]> {
    return [...this.#windows.values()];
  }

  async *read(keys: readonly WindowKey[]): AsyncGenerator<WindowRows> {
    for (const { query, windowStartMs } of keys) {
      const window = this.#windows.get(`${query}@${windowStartMs}`);
      if (window !== undefined) yield window;
    }
  }

  /** Windows that start before are no longer kept. */
  drop(keptFromMs: number): void {
    for (const [key, { windowStartMs }] of this.#windows) {
      if (windowStartMs < keptFromMs) this.#windows.delete(key);
    }
    this.#keptFromMs = keptFromMs;
  }

  async keptFrom(): Promise<KeptFrom> {
    return new Map(this.#keptFromMs === undefined ? [] : [[PAGES.name, this.#keptFromMs]]);
  }

  /** `query@windowStartMs` → text. */
  get contents(): Map<string, string> {
    return new Map([...this.#windows].map(([key, { bytes }]) => [key, Buffer.from(bytes).toString()]));
  }
}
