import type { KeyField } from "../events/event.ts";
import type { QueryPlan, WindowLengths } from "../queries/plan.ts";
import { windowsOf } from "../queries/window-lengths.ts";
import { ordered, planTables, type TablePlan } from "./table-plan.ts";

/** The queries that have the same windows: they share panes, and tables in them. */
export interface WindowGroup {
  readonly windows: WindowLengths;
  readonly queries: readonly QueryPlan[];
  readonly plan: TablePlan;
}

/**
 * The groups of a pipeline, in the order of their first queries. Stored slots name their group by its place, so it must
 * follow from the arguments alone.
 */
export function groupByWindows(queries: readonly QueryPlan[], pipeline: WindowLengths): WindowGroup[] {
  const bySetting = Map.groupBy(queries, (query) => {
    const { sizeMs, slideMs } = windowsOf(query, pipeline);
    return `${sizeMs}/${slideMs}`;
  });
  return [...bySetting.values()].map((own) => {
    const { sizeMs, slideMs } = windowsOf(own[0] as QueryPlan, pipeline);
    return { windows: { sizeMs, slideMs }, queries: own, plan: planTables(own) };
  });
}

/** Every field that some group uses. */
export function fieldsOf(groups: readonly WindowGroup[]): readonly KeyField[] {
  return ordered(groups.flatMap(({ plan }) => plan.fields));
}
