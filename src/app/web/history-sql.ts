import { shapeOf } from "../../history/columns.ts";
import type { RowsOf } from "../../history/history.ts";
import { identifier } from "../../history/sql-text.ts";
import { combineOf } from "../../queries/combine.ts";
import type { QueryPlan } from "../../queries/plan.ts";
import type { Cursor, Stretch, TopRequest, UserRequest, WindowsRequest } from "../../web/sources.ts";

/** A statement with the values of its parameters: nothing that a client sent is ever part of the text. */
export interface Statement {
  sql: (rows: RowsOf) => string;
  values: (string | number)[];
}

/** What an answer of rows takes at most, about: three times what 10,000 usual rows take. */
export const MAX_ANSWER_BYTES = 8_000_000;
/** Of a time or a number. */
const VALUE_BYTES = 26;

/** Of two values: windows that start in a stretch. */
export const inStretch =
  "window_start >= make_timestamp(?::BIGINT * 1000) AND window_start < make_timestamp(?::BIGINT * 1000)";
/** Windows that start at multiples of their length do not overlap. */
export const apart = "epoch_ms(window_start) % ?::BIGINT = 0";

const combined = ({ measures }: QueryPlan): string =>
  Object.entries(measures)
    .map(
      ([column, measure]) =>
        `${combineOf(measure) ?? "any_value"}(${identifier(column)}) AS ${identifier(column)}`,
    )
    .join(", ");
const keysOf = ({ by }: QueryPlan): string[] => by.map((key) => identifier(key));
const columnsOf = (plan: QueryPlan): string =>
  shapeOf(plan)
    .columns.map(({ name }) => identifier(name))
    .join(", ");
/** `head, ` of a list that may have no head. */
const before = (names: readonly string[]): string => names.map((name) => `${name}, `).join("");
const grouped = (names: readonly string[]): string =>
  names.length === 0 ? "" : ` GROUP BY ${names.join(", ")}`;

/**
 * Rows of windows as they lie in their files, which is the order of windows, then of keys. The first column tells how many
 * rows were found, one more than asked for at most; those that are told take about `MAX_ANSWER_BYTES` as JSON. So the
 * places and sizes of rows are found first, and of long rows no more are held in memory than are told.
 */
export function windowsStatement(
  plan: QueryPlan,
  { fromMs, toMs, stepMs, limit, after }: WindowsRequest,
  sizeMs: number,
): Statement {
  const apart = stepMs !== null && stepMs % sizeMs === 0;
  const stretch = { fromMs: Math.max(fromMs, after?.startMs ?? fromMs), toMs, apart };
  const step = stepMs === null ? "" : " AND epoch_ms(window_start) % ?::BIGINT = 0";
  const columns = shapeOf(plan).columns.map(({ name }) => `answer.${identifier(name)}`);
  return {
    sql: (rows) => `
      WITH sized AS MATERIALIZED (
        SELECT window_start, file_row_number AS place, ${bytesOf(plan)} AS bytes
        FROM ${rows(plan.name, stretch)} WHERE ${inStretch}${step}
        ORDER BY window_start, place LIMIT ?::BIGINT OFFSET ?::BIGINT),
      told AS MATERIALIZED (
        SELECT *, count(*) OVER () AS found,
          sum(bytes) OVER (ORDER BY window_start, place ROWS UNBOUNDED PRECEDING) - bytes AS before
        FROM sized QUALIFY before < ${MAX_ANSWER_BYTES})
      SELECT told.found, ${columns.join(", ")}
      FROM ${rows(plan.name, stretch)} AS answer
      JOIN told ON told.window_start = answer.window_start AND told.place = answer.file_row_number
      ORDER BY told.window_start, told.place`,
    values: [stretch.fromMs, toMs, ...(stepMs === null ? [] : [stepMs]), limit + 1, skipped(fromMs, after)],
  };
}

/** Rows of the first window that were told on the page before. */
function skipped(fromMs: number, after: Cursor | null): number {
  return after !== null && after.startMs >= fromMs ? after.row : 0;
}

/** What a row takes as JSON, about; escapes are not counted, because DuckDB keeps each text that it makes. */
function bytesOf(plan: QueryPlan): string {
  const { columns } = shapeOf(plan);
  const names = columns.reduce((sum, { name }) => sum + name.length, 0);
  const keys = keysOf(plan).map((key) => ` + strlen(${key})`);
  return `${names + columns.length * (VALUE_BYTES + 4)}${keys.join("")}`;
}

/** What there is between two moments: `first` and `last` start, in ms, and the number of windows. */
export function extentStatement(plan: QueryPlan, { fromMs, toMs }: Stretch, sizeMs: number): Statement {
  return {
    sql: (
      rows,
    ) => `SELECT epoch_ms(min(window_start)), epoch_ms(max(window_start)), count(DISTINCT window_start)
      FROM ${rows(plan.name, { fromMs, toMs, apart: true })} WHERE ${inStretch} AND ${apart}`,
    values: [fromMs, toMs, sizeMs],
  };
}

/**
 * The greatest keys: their number and sum in all, then keys and measures. Of long keys fewer are told
 * than asked for, so that they take about `MAX_ANSWER_BYTES`.
 */
export function topStatement(plan: QueryPlan, request: TopRequest, sizeMs: number): Statement {
  const { fromMs, toMs, by, limit, search } = request;
  const keys = keysOf(plan);
  const isSum = combineOf(plan.measures[by]!) === "sum";
  const found = keys.map((key) => `contains(lower(${key}), lower(?))`).join(" OR ");
  const searched = search === "" || keys.length === 0 ? [] : keys.map(() => search);
  const measure = identifier(by);
  const order = [`${measure} DESC`, ...keys].join(", ");
  return {
    sql: (rows) => `
      WITH most AS (
        SELECT count(*) OVER () AS "#keys", ${isSum ? `sum(${measure}) OVER ()` : "NULL"} AS "#total", *
        FROM (SELECT ${before(keys)}${combined(plan)} FROM ${rows(plan.name, { fromMs, toMs, apart: true, summed: true })}
          WHERE ${inStretch} AND ${apart}${searched.length === 0 ? "" : ` AND (${found})`}${grouped(keys)})
        WHERE ${measure} IS NOT NULL ORDER BY ${order} LIMIT ?::BIGINT)
      SELECT * FROM most
      QUALIFY sum(${bytesOf(plan)}) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) - (${bytesOf(plan)}) < ${MAX_ANSWER_BYTES}
      ORDER BY ${order}`,
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
    sql: (
      rows,
    ) => `SELECT ${before(keys)}(epoch_ms(window_start) - ?::BIGINT) // ?::BIGINT * ?::BIGINT + ?::BIGINT AS point_ms,
        ${combineOf(plan.measures[by]!)}(${identifier(by)})
      FROM ${rows(plan.name, { fromMs, toMs, apart: true })} WHERE ${inStretch} AND ${apart}${among} GROUP BY ${[...keys, "point_ms"].join(", ")}`,
    values: [firstMs, stretchMs, stretchMs, firstMs, fromMs, toMs, sizeMs, ...wanted.flat()],
  };
}

/** A user's windows, latest first, one more than asked for. */
export function userWindowsStatement(
  plan: QueryPlan,
  { user, fromMs, toMs, limit }: Omit<UserRequest, "after">,
): Statement {
  return {
    sql: (rows) => `SELECT ${columnsOf(plan)} FROM ${rows(plan.name, { fromMs, toMs })}
      WHERE ${inStretch} AND user_id = ? ORDER BY window_start DESC LIMIT ?::BIGINT`,
    values: [fromMs, toMs, user, limit + 1],
  };
}

/** A user's measures over windows that do not overlap; one row. */
export function userTotalsStatement(
  plan: QueryPlan,
  { user, fromMs, toMs }: UserRequest,
  sizeMs: number,
): Statement {
  return {
    sql: (rows) =>
      `SELECT ${combined(plan)} FROM ${rows(plan.name, { fromMs, toMs, apart: true, summed: true })}
        WHERE ${inStretch} AND ${apart} AND user_id = ?`,
    values: [fromMs, toMs, sizeMs, user],
  };
}
