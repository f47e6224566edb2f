import { identifier } from "../../history/sql-text.ts";
import type { QueryPlan } from "../../queries/plan.ts";
import type { Cursor, Stretch, TopRequest, UserRequest, WindowsRequest } from "../../web/sources.ts";
import { combineOf } from "./query-columns.ts";

/** A statement with the values of its parameters: nothing that a client sent is ever part of the text. */
export interface Statement {
  sql: string;
  values: (string | number)[];
}

const from = ({ name }: QueryPlan): string => `FROM ${identifier(name)}`;
const inStretch =
  "window_start >= make_timestamp(?::BIGINT * 1000) AND window_start < make_timestamp(?::BIGINT * 1000)";
/** Windows that start at multiples of their length do not overlap. */
const apart = "epoch_ms(window_start) % ?::BIGINT = 0";

const combined = ({ measures }: QueryPlan): string =>
  Object.entries(measures)
    .map(([column, measure]) => `${combineOf(measure)}(${identifier(column)}) AS ${identifier(column)}`)
    .join(", ");
const keysOf = ({ by }: QueryPlan): string[] => by.map((key) => identifier(key));
/** `head, ` of a list that may have no head. */
const before = (names: readonly string[]): string => names.map((name) => `${name}, `).join("");
const grouped = (names: readonly string[]): string =>
  names.length === 0 ? "" : ` GROUP BY ${names.join(", ")}`;

/** One more row than asked for, which tells whether there is more. */
export function windowsStatement(
  plan: QueryPlan,
  { fromMs, toMs, stepMs, limit, after }: WindowsRequest,
): Statement {
  const step = stepMs === null ? "" : " AND epoch_ms(window_start) % ?::BIGINT = 0";
  return {
    sql: `SELECT * ${from(plan)} WHERE ${inStretch}${step}
      ORDER BY ${["window_start", ...keysOf(plan)].join(", ")} LIMIT ?::BIGINT OFFSET ?::BIGINT`,
    values: [
      Math.max(fromMs, after?.startMs ?? fromMs),
      toMs,
      ...(stepMs === null ? [] : [stepMs]),
      limit + 1,
      skipped(fromMs, after),
    ],
  };
}

function skipped(fromMs: number, after: Cursor | null): number {
  return after !== null && after.startMs >= fromMs ? after.row : 0;
}

/** What there is between two moments: `first` and `last` start, in ms, and the number of windows. */
export function extentStatement(plan: QueryPlan, { fromMs, toMs }: Stretch, sizeMs: number): Statement {
  return {
    sql: `SELECT epoch_ms(min(window_start)), epoch_ms(max(window_start)), count(DISTINCT window_start)
      ${from(plan)} WHERE ${inStretch} AND ${apart}`,
    values: [fromMs, toMs, sizeMs],
  };
}

/** The greatest keys: their number and sum in all, then keys and measures. */
export function topStatement(plan: QueryPlan, request: TopRequest, sizeMs: number): Statement {
  const { fromMs, toMs, by, limit, search } = request;
  const keys = keysOf(plan);
  const isSum = combineOf(plan.measures[by]!) === "sum";
  const found = keys.map((key) => `contains(lower(${key}), lower(?))`).join(" OR ");
  const searched = search === "" || keys.length === 0 ? [] : keys.map(() => search);
  const measure = identifier(by);
  return {
    sql: `SELECT count(*) OVER (), ${isSum ? `sum(${measure}) OVER ()` : "NULL"}, *
      FROM (SELECT ${before(keys)}${combined(plan)} ${from(plan)}
        WHERE ${inStretch} AND ${apart}${searched.length === 0 ? "" : ` AND (${found})`}${grouped(keys)})
      WHERE ${measure} IS NOT NULL ORDER BY ${[`${measure} DESC`, ...keys].join(", ")} LIMIT ?::BIGINT`,
    values: [fromMs, toMs, sizeMs, ...searched, limit],
  };
}

/** A measure of some keys over time: keys, start of the stretch in ms, value. */
export function seriesStatement(
  plan: QueryPlan,
  { fromMs, toMs, by }: TopRequest,
  {
    sizeMs,
    firstMs,
    stretchMs,
    keys: wanted,
  }: { sizeMs: number; firstMs: number; stretchMs: number; keys: readonly (readonly string[])[] },
): Statement {
  const keys = keysOf(plan);
  const row = `(${keys.map(() => "?").join(", ")})`;
  const among = keys.length === 0 ? "" : ` AND (${keys.join(", ")}) IN (${wanted.map(() => row).join(", ")})`;
  return {
    sql: `SELECT ${before(keys)}(epoch_ms(window_start) - ?::BIGINT) // ?::BIGINT * ?::BIGINT + ?::BIGINT AS point_ms,
        ${combineOf(plan.measures[by]!)}(${identifier(by)})
      ${from(plan)} WHERE ${inStretch} AND ${apart}${among} GROUP BY ${[...keys, "point_ms"].join(", ")}`,
    values: [firstMs, stretchMs, stretchMs, firstMs, fromMs, toMs, sizeMs, ...wanted.flat()],
  };
}

/** A user's windows, latest first, one more than asked for. */
export function userWindowsStatement(
  plan: QueryPlan,
  { user, fromMs, toMs, limit, after }: UserRequest,
): Statement {
  return {
    sql: `SELECT * ${from(plan)} WHERE ${inStretch} AND user_id = ? ORDER BY window_start DESC LIMIT ?::BIGINT`,
    values: [fromMs, Math.min(toMs, after?.startMs ?? toMs), user, limit + 1],
  };
}

/** A user's measures over windows that do not overlap; one row. */
export function userTotalsStatement(
  plan: QueryPlan,
  { user, fromMs, toMs }: UserRequest,
  sizeMs: number,
): Statement {
  return {
    sql: `SELECT ${combined(plan)} ${from(plan)} WHERE ${inStretch} AND ${apart} AND user_id = ?`,
    values: [fromMs, toMs, sizeMs, user],
  };
}
