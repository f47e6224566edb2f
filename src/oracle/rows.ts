import type { ClickEvent, KeyField } from "../events/event.ts";
import type { Measure, QueryPlan } from "../queries/plan.ts";
import { millionthsOf, numberText } from "./number.ts";

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
const numbers = (events: readonly ClickEvent[], field: KeyField): bigint[] =>
  events.map((event) => millionthsOf(event[field]) ?? 0n);
const spanMs = (events: readonly ClickEvent[]): number => greatest(times(events)) - least(times(events));

/** A number as its characters in a row: more digits than a double may have. */
class ExactNumber {
  readonly characters: string;
  constructor(millionths: bigint) {
    this.characters = numberText(millionths);
  }
}

/** The value of one measure over all events of a group; of whole sessions they are in their order. */
function measure(plan: Measure, events: readonly ClickEvent[]): number | string | ExactNumber {
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
    case "sum":
      return new ExactNumber(numbers(events, plan.field).reduce((total, number) => total + number));
    case "first":
      return events[0]?.[plan.field] ?? "";
    case "last":
      return events.at(-1)?.[plan.field] ?? "";
    case "single":
      return distinct(events.map((event) => event[plan.field])).length === 1 ? 1 : 0;
    case "min":
      return new ExactNumber(numbers(events, plan.field).reduce((a, b) => (b < a ? b : a)));
    case "max":
      return new ExactNumber(numbers(events, plan.field).reduce((a, b) => (b > a ? b : a)));
  }
}

const json = (value: string | number | ExactNumber): string =>
  value instanceof ExactNumber ? value.characters : JSON.stringify(value);

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
    const columns: [name: string, value: string | number | ExactNumber][] = [
      ["window_start", start],
      ["window_end", end],
      ...query.by.map((field, index): [string, string] => [field, keys[index] ?? ""]),
      ...measures.map(([column, plan]): [string, string | number | ExactNumber] => [
        column,
        measure(plan, group),
      ]),
    ];
    return `{${columns.map(([name, value]) => `"${name}":${json(value)}`).join(",")}}\n`;
  });
  return lines.join("");
}
