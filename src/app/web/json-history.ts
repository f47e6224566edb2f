import type { Measure, QueryPlan } from "../../queries/plan.ts";
import { windowsOf } from "../../queries/window-lengths.ts";
import { readManifest } from "../../sinks/manifest-file.ts";
import { listWindows, readWindow, type WindowRow } from "../../sinks/window-tree.ts";
import type { Queries, QueryInfo } from "../../web/api.ts";
import type { Cursor, History, Stretch } from "../../web/sources.ts";

type Combine = NonNullable<QueryInfo["columns"][number]["combine"]>;
type Value = string | number;

/** The windows of an output tree, read file by file. */
export function jsonHistory(output: string): History {
  const planOf = async (name: string): Promise<QueryPlan> => {
    const plan = (await readManifest(output))?.queries.find((query) => query.name === name);
    if (plan === undefined) throw new Error(`no query ${name}`);
    return plan;
  };
  const starts = async (query: string, { fromMs, toMs }: Stretch): Promise<number[]> =>
    (await listWindows(output, query)).filter((startMs) => startMs >= fromMs && startMs < toMs);
  const apart = async (query: string, stretch: Stretch): Promise<{ sizeMs: number; all: number[] }> => {
    const manifest = await readManifest(output);
    const sizeMs = manifest === undefined ? 1 : windowsOf(await planOf(query), manifest.windows).sizeMs;
    return { sizeMs, all: (await starts(query, stretch)).filter((startMs) => startMs % sizeMs === 0) };
  };

  return {
    async queries(): Promise<Queries> {
      const manifest = await readManifest(output);
      const queries = await Promise.all(
        (manifest?.queries ?? []).map(async (plan) => {
          const all = await listWindows(output, plan.name);
          const { sizeMs, slideMs } = windowsOf(plan, manifest!.windows);
          return {
            name: plan.name,
            sizeMs,
            slideMs,
            columns: columnsOf(plan),
            firstStartMs: all[0] ?? null,
            lastStartMs: all.at(-1) ?? null,
          };
        }),
      );
      return {
        engine: manifest?.engine ?? null,
        topic: manifest?.topic.name ?? null,
        closedThroughMs: manifest?.closedThroughMs ?? null,
        queries,
      };
    },

    async windows({ query, stepMs, limit, after, ...stretch }) {
      const rows: WindowRow[] = [];
      let next: Cursor | null = null;
      for (const startMs of await starts(query, stretch)) {
        if ((stepMs !== null && startMs % stepMs !== 0) || startMs < (after?.startMs ?? 0)) continue;
        const found = await readWindow(output, query, startMs);
        const skipped = startMs === after?.startMs ? after.row : 0;
        const taken = found.slice(skipped, skipped + limit - rows.length);
        rows.push(...taken);
        if (rows.length === limit) {
          next = { startMs, row: skipped + taken.length };
          break;
        }
      }
      return { rows: rows.map((row) => ({ ...row })), next };
    },

    async top({ query, by, limit, search, points, ...stretch }) {
      const plan = await planOf(query);
      const { sizeMs, all } = await apart(query, stretch);
      const groups = new Map<string, { key: Record<string, string>; rows: WindowRow[] }>();
      for (const startMs of all) {
        for (const row of await readWindow(output, query, startMs)) {
          const key = Object.fromEntries(plan.by.map((field) => [field, String(row[field])]));
          const name = JSON.stringify(key);
          if (!Object.values(key).some((value) => value.toLowerCase().includes(search.toLowerCase())))
            continue;
          const group = groups.get(name) ?? { key, rows: [] };
          group.rows.push(row);
          groups.set(name, group);
        }
      }
      const pointsMs = points === 0 ? [] : all.slice(-points);
      const ranked = [...groups.values()]
        .map(({ key, rows }) => ({ key, rows, measures: combined(plan, rows) }))
        .toSorted((a, b) => Number(b.measures[by]) - Number(a.measures[by]));
      const isSum = combineOf(plan.measures[by]!) === "sum";
      return {
        stepMs: sizeMs,
        windows: all.length,
        keys: ranked.length,
        total: isSum ? ranked.reduce((sum, { measures }) => sum + Number(measures[by]), 0) : null,
        pointsMs,
        items: ranked.slice(0, limit).map(({ key, rows, measures }) => ({
          key,
          value: Number(measures[by]),
          measures,
          series: pointsMs.map((startMs) =>
            Number(rows.find(({ window_start }) => Date.parse(String(window_start)) === startMs)?.[by] ?? 0),
          ),
        })),
      };
    },

    async user(query, { user, limit, after, ...stretch }) {
      const plan = await planOf(query);
      const windows: WindowRow[] = [];
      for (const startMs of (await starts(query, stretch)).toReversed()) {
        windows.push(...(await readWindow(output, query, startMs)).filter(({ user_id }) => user_id === user));
      }
      if (windows.length === 0) return undefined;
      const { all } = await apart(query, stretch);
      const from = after === null ? 0 : windows.findIndex((row) => startOf(row) < after.startMs);
      const page = from < 0 ? [] : windows.slice(from, from + limit);
      const last = page.at(-1);
      const more = from >= 0 && from + limit < windows.length && last !== undefined;
      return {
        totals: combined(
          plan,
          windows.filter((row) => all.includes(startOf(row))),
        ),
        windows: page.map((row) => ({ ...row })),
        next: more ? { startMs: startOf(last), row: 1 } : null,
      };
    },
  };
}

const startOf = ({ window_start }: WindowRow): number => Date.parse(String(window_start));

function columnsOf({ by, measures }: QueryPlan): QueryInfo["columns"] {
  return [
    ...by.map((name) => ({ name: String(name), role: "key" as const, type: "text" as const, combine: null })),
    ...Object.entries(measures).map(([name, measure]) => ({
      name,
      role: "measure" as const,
      type: typeOf(measure),
      combine: combineOf(measure),
    })),
  ];
}

function typeOf({ kind }: Measure): QueryInfo["columns"][number]["type"] {
  if (kind === "minTime" || kind === "maxTime") return "time";
  if (kind === "timeSpan") return "seconds";
  return kind === "sum" || kind === "min" || kind === "max" ? "number" : "count";
}

function combineOf(measure: Measure): Combine {
  switch (measure.kind) {
    case "count":
    case "countWhere":
    case "sum":
      return "sum";
    case "timeSpan":
      return measure.pick === "sum" ? "sum" : "max";
    case "countDistinct":
    case "maxTime":
    case "max":
      return "max";
    case "minTime":
    case "min":
      return "min";
  }
}

function combined({ measures }: QueryPlan, rows: readonly WindowRow[]): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(measures).flatMap(([column, measure]) => {
      const values = rows.map((row) => row[column] as Value);
      const [first] = values;
      if (first === undefined) return [];
      return [[column, values.slice(1).reduce((a, b) => combine(combineOf(measure), a, b), first)]];
    }),
  );
}

function combine(how: Combine, a: Value, b: Value): Value {
  if (how === "sum") return Number(a) + Number(b);
  return how === "max" ? (a > b ? a : b) : a < b ? a : b;
}
