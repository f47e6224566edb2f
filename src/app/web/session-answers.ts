import assert from "node:assert/strict";
import type { Answer } from "../../history/history.ts";
import type { QueryPlan } from "../../queries/plan.ts";
import type { Flow, SessionPages, Sessions } from "../../web/sessions-contract.ts";
import type { FlowRequest, SessionPagesRequest, Stretch } from "../../web/sources.ts";
import { apart, inStretch, MAX_ANSWER_BYTES, type Statement } from "./history-sql.ts";

/** Answers a statement. */
export type Ask = (statement: Statement) => Promise<Answer>;

/** Where lengths are cut, in seconds. */
const LENGTHS = [0, 10, 30, 60, 180, 600, 1_800, 3_600];
/** What a row takes as JSON beside its page. */
const ROW_BYTES = 100;

/**
 * How many sessions ended in a stretch, and how long they were. One pass over their rows, which counts them by length: that
 * takes the same memory however many they are.
 */
export async function sessionsOf(
  { name, sessions }: QueryPlan,
  { fromMs, toMs }: Stretch,
  ask: Ask,
): Promise<Omit<Sessions, keyof Stretch | "query">> {
  assert(sessions !== undefined);
  const { rows } = await ask({
    sql: (rowsOf) => `
      SELECT CASE WHEN session_seconds < 3600 THEN floor(session_seconds) ELSE floor(session_seconds / 60) * 60 END::BIGINT
          AS length, count(*), sum(bounce), sum(events), sum(pages), sum(session_seconds)
      FROM ${rowsOf(name, { fromMs, toMs })} WHERE ${inStretch} GROUP BY length ORDER BY length`,
    values: [fromMs, toMs],
  });
  const groups = rows.map((row) => row.map(Number));
  const total = (column: number): number => groups.reduce((sum, row) => sum + (row[column] as number), 0);
  const count = total(1);
  return {
    gapMs: sessions.gapMs,
    sessions: count,
    bounces: total(2),
    events: total(3),
    pages: total(4),
    totalSeconds: Math.round(total(5) * 1_000) / 1_000,
    medianSeconds: lengthOf(groups, count * 0.5),
    p90Seconds: lengthOf(groups, count * 0.9),
    lengths: LENGTHS.map((fromSeconds, index) => {
      const toSeconds = LENGTHS[index + 1] ?? null;
      const within = groups.filter(
        ([length = 0]) => length >= fromSeconds && length < (toSeconds ?? Infinity),
      );
      return { fromSeconds, toSeconds, sessions: within.reduce((sum, [, own = 0]) => sum + own, 0) };
    }),
  };
}

/** The length that so many sessions do not exceed, of lengths with their sessions, shortest first; null of none. */
function lengthOf(groups: readonly (readonly number[])[], wanted: number): number | null {
  let passed = 0;
  for (const [length = 0, sessions = 0] of groups) {
    passed += sessions;
    if (passed >= wanted) return length;
  }
  return null;
}

/** The pages on which most sessions begin or end. */
export async function sessionPagesOf(
  { name }: QueryPlan,
  { fromMs, toMs, side, limit, skip, search }: SessionPagesRequest,
  ask: Ask,
): Promise<Pick<SessionPages, "pages" | "sessions" | "items"> & { next: number | null }> {
  const column = side === "entry" ? "entry_page" : "exit_page";
  const searched = search === "" ? "" : ` AND contains(lower(${column}), lower(?))`;
  const { rows } = await ask({
    sql: (rowsOf) => `
      WITH found AS MATERIALIZED (
        SELECT ${column} AS page, count(*) AS sessions, sum(bounce) AS bounces, sum(session_seconds) AS seconds
        FROM ${rowsOf(name, { fromMs, toMs })} WHERE ${inStretch}${searched} GROUP BY ${column}),
      told AS (
        SELECT * FROM (SELECT * FROM found ORDER BY sessions DESC, page LIMIT ?::BIGINT OFFSET ?::BIGINT)
        QUALIFY ${roomFor("sessions DESC, page", MAX_ANSWER_BYTES)})
      SELECT every.*, told.* FROM (SELECT count(*) AS pages, sum(sessions) AS total FROM found) AS every
      LEFT JOIN told ON true ORDER BY told.sessions DESC, told.page`,
    values: [fromMs, toMs, ...(search === "" ? [] : [search]), limit, skip],
  });
  const [pages, sessions] = (rows[0] as unknown[]).slice(0, 2).map(Number) as [number, number];
  const items = rows
    .map((row) => row.slice(2))
    .filter(([page]) => page !== null)
    .map(([page, own, bounces, seconds]) => ({
      page: String(page),
      sessions: Number(own),
      bounces: Number(bounces),
      totalSeconds: Number(seconds),
    }));
  const told = skip + items.length;
  return { pages, sessions, items, next: items.length > 0 && told < pages ? told : null };
}

/**
 * How often one page followed another. Pairs are summed once; then the busiest pages of each side are found, and all others
 * are one.
 */
export async function flowOf(
  { name }: QueryPlan,
  { fromMs, toMs, pages }: FlowRequest,
  { sizeMs, ask }: { sizeMs: number; ask: Ask },
): Promise<Omit<Flow, keyof Stretch | "query">> {
  const { rows } = await ask({
    sql: (rowsOf) => `
      WITH pairs AS MATERIALIZED (
        SELECT from_page, to_page, sum(transitions) AS transitions
        FROM ${rowsOf(name, { fromMs, toMs, apart: true, summed: true })} WHERE ${inStretch} AND ${apart}
        GROUP BY from_page, to_page),
      sources AS MATERIALIZED (${busiest("from_page")}),
      targets AS MATERIALIZED (${busiest("to_page")})
      SELECT 'all' AS part, NULL AS source, NULL AS target, NULL AS page, coalesce(sum(transitions), 0) AS times,
        count(*) AS pairs FROM pairs
      UNION ALL SELECT 'source', place, NULL, page, transitions, NULL FROM sources
      UNION ALL SELECT 'target', NULL, place, page, transitions, NULL FROM targets
      UNION ALL SELECT 'link', sources.place, targets.place, NULL, sum(pairs.transitions), NULL FROM pairs
        LEFT JOIN sources ON sources.page = from_page LEFT JOIN targets ON targets.page = to_page
        GROUP BY sources.place, targets.place
      ORDER BY part, times DESC, source, target`,
    values: [fromMs, toMs, sizeMs, pages, pages],
  });
  const of = (wanted: string) => rows.filter(([part]) => part === wanted).map((row) => row.slice(1));
  const [all = []] = of("all");
  const page = ([, , text, times]: unknown[]) => ({ page: String(text), transitions: Number(times) });
  return {
    stepMs: sizeMs,
    transitions: Number(all[3]),
    pairs: Number(all[4]),
    sources: of("source").map(page),
    targets: of("target").map(page),
    links: of("link").map(([source, target, , times]) => ({
      source: numberOrNull(source),
      target: numberOrNull(target),
      transitions: Number(times),
    })),
  };
}

/** Pages of one side of the pairs with the most transitions, in this order. */
function busiest(column: "from_page" | "to_page"): string {
  const order = "transitions DESC, page";
  return `
    SELECT row_number() OVER (ORDER BY ${order}) - 1 AS place, page, transitions FROM (
      SELECT ${column} AS page, sum(transitions) AS transitions FROM pairs GROUP BY ${column}
      ORDER BY ${order} LIMIT ?::BIGINT)
    QUALIFY ${roomFor(order, MAX_ANSWER_BYTES / 2)}`;
}

/** That the rows before one, in this order, leave room for it. */
function roomFor(order: string, maxBytes: number): string {
  const bytes = `(strlen(page) + ${ROW_BYTES})`;
  return `sum(${bytes}) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) - ${bytes} < ${maxBytes}`;
}

function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}
