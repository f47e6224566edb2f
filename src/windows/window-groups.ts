import type { KeyField } from "../events/event.ts";
import type { QueryPlan, SessionRule, WindowLengths } from "../queries/plan.ts";
import { windowsOf } from "../queries/window-lengths.ts";
import { sessionShapeOf } from "./sessions/session-shape.ts";
import { ordered, planTables, type TablePlan } from "./table-plan.ts";

/** The queries that have the same windows: they share panes, and tables in them. */
export interface WindowGroup {
  readonly windows: WindowLengths;
  readonly queries: readonly QueryPlan[];
  readonly plan: TablePlan;
  /**
   * Of the queries of whole sessions. Their `windows` are not those of rows, which each query has itself: as long as the
   * state keeps a pane, and a pane apart. The plan has no tables.
   */
  readonly sessions?: Pick<SessionRule, "gapMs" | "paneMs">;
  /** Of the query of all records: no field of events is in its tables, and no event counts by it. */
  readonly arrivals?: true;
}

/**
 * The groups of a pipeline, in the order of their first queries. Stored slots name their group by its place, so it must
 * follow from the arguments alone.
 */
export function groupByWindows(queries: readonly QueryPlan[], pipeline: WindowLengths): WindowGroup[] {
  const bySetting = Map.groupBy(queries, (query) => {
    if (query.sessions !== undefined) return `sessions ${query.sessions.gapMs}/${query.sessions.paneMs}`;
    const { sizeMs, slideMs } = windowsOf(query, pipeline);
    return `${query.arrivals ? "arrivals " : ""}${sizeMs}/${slideMs}`;
  });
  return [...bySetting.values()].map((own) => {
    const { sessions, arrivals } = own[0] as QueryPlan;
    if (sessions !== undefined) return sessionGroup(own, sessions, pipeline);
    const { sizeMs, slideMs } = windowsOf(own[0] as QueryPlan, pipeline);
    const group = { windows: { sizeMs, slideMs }, queries: own, plan: planTables(own) };
    return arrivals === undefined ? group : { ...group, arrivals };
  });
}

/** What a pane holds is over when all its sessions have ended, and no window counts its transitions any more. */
function sessionGroup(
  own: readonly QueryPlan[],
  { gapMs, paneMs }: SessionRule,
  pipeline: WindowLengths,
): WindowGroup {
  const queries = own.map((query) => ({ ...query, windows: windowsOf(query, pipeline) }));
  const longestMs = Math.max(...queries.map(({ windows }) => windows.sizeMs));
  const untilEndMs = paneMs + Math.ceil(gapMs / paneMs) * paneMs;
  return {
    windows: { sizeMs: Math.max(untilEndMs, longestMs), slideMs: paneMs },
    queries,
    plan: { fields: sessionShapeOf(own).fields, tables: [] },
    sessions: { gapMs, paneMs },
  };
}

/** The windows that decide whether an event counts for a group: of whole sessions, the pane that holds it. */
export function countingWindows({ windows, sessions }: WindowGroup): WindowLengths {
  return sessions === undefined ? windows : { sizeMs: sessions.paneMs, slideMs: sessions.paneMs };
}

/** Every field of events that some group uses. */
export function fieldsOf(groups: readonly WindowGroup[]): readonly KeyField[] {
  return ordered(groups.flatMap(({ plan, arrivals }) => (arrivals ? [] : plan.fields)));
}
