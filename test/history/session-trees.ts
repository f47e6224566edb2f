import { DEFAULT_WINDOWS, type QueryPlan } from "../../src/queries/plan.ts";
import { sessionQueries } from "../../src/queries/sessions.ts";
import type { WindowRows } from "../../src/sinks/sink.ts";
import { MINUTE_MS } from "./trees.ts";

const GAP_MS = 30 * MINUTE_MS;

/** `sessions` and `transitions` as the program declares them. */
export const SESSION_QUERIES: readonly QueryPlan[] = sessionQueries(GAP_MS, DEFAULT_WINDOWS);

/** What of a session the API tells; the rest of its row follows from it. */
export interface SessionRow {
  id: string;
  seconds: number;
  events: number;
  /** Different ones, in the order of the visit. */
  pages: readonly string[];
}

const iso = (timeMs: number): string => new Date(timeMs).toISOString();

function windowOf(query: string, startMs: number, sizeMs: number, rows: readonly object[]): WindowRows {
  const times = { window_start: iso(startMs), window_end: iso(startMs + sizeMs) };
  const lines = rows.map((row) => `${JSON.stringify({ ...times, ...row })}\n`);
  return {
    query,
    windowStartMs: startMs,
    windowEndMs: startMs + sizeMs,
    rowCount: rows.length,
    bytes: Buffer.from(lines.join("")),
  };
}

/** The sessions that end in the minute from `startMs` on. */
export function sessionsWindow(startMs: number, sessions: readonly SessionRow[]): WindowRows {
  const sorted = sessions.toSorted((a, b) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
  const rows = sorted.map(({ id, seconds, events, pages }) => ({
    session_id: id,
    user_id: `user of ${id}`,
    device_type: "mobile",
    browser: "Firefox",
    first_seen: iso(startMs - GAP_MS - seconds * 1_000),
    last_seen: iso(startMs - GAP_MS),
    session_seconds: seconds,
    events,
    ...{ clicks: events, views: 0, scrolls: 0, hovers: 0 },
    pages: pages.length,
    entry_page: pages[0],
    exit_page: pages.at(-1),
    bounce: pages.length === 1 ? 1 : 0,
  }));
  return windowOf("sessions", startMs, MINUTE_MS, rows);
}

/** How often one page followed another in the window from `startMs` on. */
export function transitionsWindow(
  startMs: number,
  transitions: readonly (readonly [from: string, to: string, times: number])[],
): WindowRows {
  const rows = transitions.map(([from_page, to_page, times]) => ({ from_page, to_page, transitions: times }));
  return windowOf("transitions", startMs, DEFAULT_WINDOWS.sizeMs, rows);
}
