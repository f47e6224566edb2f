import type { ClickEvent } from "../events/event.ts";
import type { Measure, QueryPlan } from "../queries/plan.ts";

const iso = (timeMs: number): string => new Date(timeMs).toISOString();
const distinct = (values: readonly string[]): string[] => [...new Set(values)];

function least(times: Iterable<number>): number {
  let result = Number.POSITIVE_INFINITY;
  for (const timeMs of times) result = Math.min(result, timeMs);
  return result;
}

function greatest(times: Iterable<number>): number {
  let result = Number.NEGATIVE_INFINITY;
  for (const timeMs of times) result = Math.max(result, timeMs);
  return result;
}

const times = (events: readonly ClickEvent[]): number[] => events.map(({ timeMs }) => timeMs);
const spanMs = (events: readonly ClickEvent[]): number => greatest(times(events)) - least(times(events));

/** The value of one measure over all events of a group. */
function measure(plan: Measure, events: readonly ClickEvent[]): number | string {
  switch (plan.kind) {
    case "count":
      return events.length;
    case "countWhere":
      return events.filter((event) => event[plan.field] === plan.value).length;
    case "countDistinct":
      return distinct(events.map((event) => event[plan.field])).length;
    case "minTime":
      return iso(least(times(events)));
    case "maxTime":
      return iso(greatest(times(events)));
    case "timeSpan": {
      const spans = [...Map.groupBy(events, (event) => event[plan.field]).values()].map(spanMs);
      const totalMs = plan.pick === "sum" ? spans.reduce((sum, span) => sum + span, 0) : greatest(spans);
      return totalMs / 1000;
    }
  }
}

const compareUtf8 = (left: string, right: string): number =>
  Buffer.compare(Buffer.from(left), Buffer.from(right));

/** The rows of one query over the events that count in one window: JSON lines in the order of their keys. */
export function rowsOf(
  query: QueryPlan,
  window: { startMs: number; endMs: number },
  events: readonly ClickEvent[],
): string {
  const keysOf = (event: ClickEvent): string[] => query.by.map((field) => event[field]);
  const groups = [...Map.groupBy(events, (event) => JSON.stringify(keysOf(event))).values()].map((group) => ({
    keys: keysOf(group[0] as ClickEvent),
    group,
  }));
  groups.sort((left, right) => {
    const differing = left.keys.findIndex((key, index) => key !== right.keys[index]);
    return differing < 0 ? 0 : compareUtf8(left.keys[differing] ?? "", right.keys[differing] ?? "");
  });
  const [start, end] = [iso(window.startMs), iso(window.endMs)];
  const measures = Object.entries(query.measures);
  const lines = groups.map(({ keys, group }) => {
    const columns: [name: string, value: string | number][] = [
      ["window_start", start],
      ["window_end", end],
      ...query.by.map((field, index): [string, string] => [field, keys[index] ?? ""]),
      ...measures.map(([column, plan]): [string, string | number] => [column, measure(plan, group)]),
    ];
    return `{${columns.map(([name, value]) => `"${name}":${JSON.stringify(value)}`).join(",")}}\n`;
  });
  return lines.join("");
}
