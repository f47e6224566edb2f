import { DEFAULT_EVENT_RULES } from "../../src/events/event.ts";
import { DEFAULT_WINDOWS, type QueryPlan } from "../../src/queries/plan.ts";
import { count, countDistinct, maxTime, query, timeSpan } from "../../src/queries/query.ts";
import { JsonFilesSink } from "../../src/sinks/json-files.ts";
import type { Manifest } from "../../src/sinks/manifest.ts";
import { writeManifest } from "../../src/sinks/manifest-file.ts";
import type { WindowRows } from "../../src/sinks/sink.ts";

/** A query with a column of every type. */
export const PAGES: QueryPlan = query("pages", {
  by: ["url", "browser"],
  measures: {
    events: count(),
    users: countDistinct("user_id"),
    stay_seconds: timeSpan("session_id"),
    last_seen: maxTime(),
  },
});

/** A query without keys. */
export const TOTALS: QueryPlan = query("totals", { by: [], measures: { events: count() } });

/** A query by user alone. */
export const VISITORS: QueryPlan = query("visitors", {
  by: ["user_id"],
  measures: { events: count(), sessions: countDistinct("session_id"), last_seen: maxTime() },
});

/** A row of `PAGES` without its window. */
export interface PageRow {
  url: string;
  browser: string;
  events: number;
  staySeconds: number;
  lastSeenMs: number;
}

export const NOV_23 = Date.UTC(2026, 10, 23);
export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

const iso = (timeMs: number): string => new Date(timeMs).toISOString();

/** A window as the engine hands it to the sink. */
export function pagesWindow(startMs: number, rows: readonly PageRow[]): WindowRows {
  const sorted = rows.toSorted(
    (a, b) =>
      Buffer.compare(Buffer.from(a.url), Buffer.from(b.url)) ||
      Buffer.compare(Buffer.from(a.browser), Buffer.from(b.browser)),
  );
  return windowOf(
    PAGES.name,
    startMs,
    sorted.map(({ url, browser, events, staySeconds, lastSeenMs }) => ({
      url,
      browser,
      events,
      users: 1,
      stay_seconds: staySeconds,
      last_seen: iso(lastSeenMs),
    })),
  );
}

/** A window of `TOTALS`. */
export function totalsWindow(startMs: number, events: number): WindowRows {
  return windowOf(TOTALS.name, startMs, [{ events }]);
}

/** A window of `VISITORS`: users and their events. */
export function visitorsWindow(startMs: number, events: Readonly<Record<string, number>>): WindowRows {
  const rows = Object.entries(events).map(([user_id, events]) => ({
    ...{ user_id, events, sessions: 1 },
    last_seen: iso(startMs + MINUTE_MS),
  }));
  return windowOf(VISITORS.name, startMs, rows);
}

/** A window of any query, of rows without their times. */
export function windowOf(
  queryName: string,
  windowStartMs: number,
  rows: readonly object[],
  sizeMs = DEFAULT_WINDOWS.sizeMs,
): WindowRows {
  const windowEndMs = windowStartMs + sizeMs;
  const times = { window_start: iso(windowStartMs), window_end: iso(windowEndMs) };
  const lines = rows.map((row) => `${JSON.stringify({ ...times, ...row })}\n`);
  return {
    query: queryName,
    windowStartMs,
    windowEndMs,
    rowCount: rows.length,
    bytes: Buffer.from(lines.join("")),
  };
}

/** One plain row. */
export function page(url: string, timeMs: number, events = 1): PageRow {
  return { url, browser: "Firefox", events, staySeconds: 1.5, lastSeenMs: timeMs };
}

/** Windows of both queries, every `everyMs` from a time on, for a while. */
export function steadyWindows(fromMs: number, toMs: number, everyMs = 60 * MINUTE_MS): WindowRows[] {
  const windows: WindowRows[] = [];
  for (let startMs = fromMs; startMs < toMs; startMs += everyMs) {
    windows.push(pagesWindow(startMs, [page("/", startMs, 2), page("/cart", startMs)]));
    windows.push(totalsWindow(startMs, 3));
  }
  return windows;
}

/** Writes windows through the real sink, and a manifest that calls them final. */
export async function writeWindows(
  output: string,
  windows: readonly WindowRows[],
  closedThroughMs: number,
  queries?: readonly QueryPlan[],
): Promise<void> {
  await (await JsonFilesSink.open(output)).write(windows);
  await writeManifest(output, manifestOf(closedThroughMs, queries));
}

export function manifestOf(
  closedThroughMs: number,
  queries: readonly QueryPlan[] = [PAGES, TOTALS],
): Manifest {
  return {
    format: 1,
    engine: "embedded",
    topic: { name: "clickstream", id: "7d8a1f0e-0000-4000-8000-000000000000" },
    windows: DEFAULT_WINDOWS,
    rules: DEFAULT_EVENT_RULES,
    queries,
    closedThroughMs,
    partitions: [],
  };
}

/** All rows of windows, as objects. */
export function rowsOf(windows: readonly WindowRows[], queryName: string): Record<string, unknown>[] {
  return windows
    .filter((window) => window.query === queryName)
    .flatMap(({ bytes }) => Buffer.from(bytes).toString().split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
