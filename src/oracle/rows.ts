import type { ClickEvent, KeyField } from "../events/event.ts";
import type { Measure, QueryPlan } from "../queries/plan.ts";
import { millionthsOf, numberText } from "./number.ts";

const iso = (timeMs: number): string => new Date(timeMs).toISOString();

function distinct(events: readonly ClickEvent[], field: KeyField): number {
  const values = new Set<string>();
  for (const event of events) values.add(event[field]);
  return values.size;
}

function countWhere(events: readonly ClickEvent[], field: KeyField, value: string): number {
  let count = 0;
  for (const event of events) if (event[field] === value) count++;
  return count;
}

function leastTime(events: readonly ClickEvent[]): number {
  let result = Number.POSITIVE_INFINITY;
  for (const { timeMs } of events) result = Math.min(result, timeMs);
  return result;
}

function greatestTime(events: readonly ClickEvent[]): number {
  let result = Number.NEGATIVE_INFINITY;
  for (const { timeMs } of events) result = Math.max(result, timeMs);
  return result;
}

const numbers = (events: readonly ClickEvent[], field: KeyField): bigint[] =>
  events.map((event) => millionthsOf(event[field]) ?? 0n);
const spanMs = (events: readonly ClickEvent[]): number => greatestTime(events) - leastTime(events);

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
      return countWhere(events, plan.field, plan.value);
    case "countDistinct":
      return distinct(events, plan.field);
    case "minTime":
      return iso(leastTime(events));
    case "maxTime":
      return iso(greatestTime(events));
    case "timeSpan": {
      const spans = [...Map.groupBy(events, (event) => event[plan.field]).values()].map(spanMs);
      const totalMs = spans.reduce((a, b) => (plan.pick === "sum" ? a + b : Math.max(a, b)));
      return totalMs / 1000;
    }
    case "sum":
      return new ExactNumber(numbers(events, plan.field).reduce((total, number) => total + number));
    case "first":
      return events[0]?.[plan.field] ?? "";
    case "last":
      return events.at(-1)?.[plan.field] ?? "";
    case "single":
      return distinct(events, plan.field) === 1 ? 1 : 0;
    case "min":
      return new ExactNumber(numbers(events, plan.field).reduce((a, b) => (b < a ? b : a)));
    case "max":
      return new ExactNumber(numbers(events, plan.field).reduce((a, b) => (b > a ? b : a)));
  }
}

const json = (value: string | number | ExactNumber): string =>
  value instanceof ExactNumber ? value.characters : JSON.stringify(value);

/** The events that have the same values of the fields, in the order of these by their UTF-8 bytes. */
function groupsOf(
  events: readonly ClickEvent[],
  [field, ...others]: readonly KeyField[],
): { keys: string[]; group: readonly ClickEvent[] }[] {
  if (field === undefined) return [{ keys: [], group: events }];
  return [...Map.groupBy(events, (event) => event[field])]
    .map(([key, group]) => ({ key, group, utf8: Buffer.from(key) }))
    .sort((left, right) => Buffer.compare(left.utf8, right.utf8))
    .flatMap(({ key, group }) =>
      groupsOf(group, others).map((inner) => ({ keys: [key, ...inner.keys], group: inner.group })),
    );
}

/** The rows of one query over the events that count in one window: JSON lines in the order of their keys. */
export function rowsOf(
  query: QueryPlan,
  window: { startMs: number; endMs: number },
  events: readonly ClickEvent[],
): string {
  if (events.length === 0) return "";
  const [start, end] = [iso(window.startMs), iso(window.endMs)];
  const measures = Object.entries(query.measures);
  const lines = groupsOf(events, query.by).map(({ keys, group }) => {
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
