import assert from "node:assert/strict";
import type { KeyField } from "../../../events/event.ts";
import type { Measure, QueryPlan, WindowSettings } from "../../../queries/plan.ts";
import { windowsOf } from "../../../queries/window-lengths.ts";
import { fieldColumn } from "./judged-events.ts";
import { plainNumber, seconds } from "./number-sql.ts";
import { nested, quotedName, selectFrom, textLiteral } from "./sql-text.ts";

/** What is kept of a group of events, and how it is merged: SQL over rows of events, and over rows of such groups. */
interface Partial {
  readonly name: string;
  readonly ofEvents: string;
  readonly ofGroups: string;
}

/** Every field that a query reads. */
export function fieldsOfQuery({ by, measures }: QueryPlan): readonly KeyField[] {
  const measured = Object.values(measures).flatMap((measure) => ("field" in measure ? [measure.field] : []));
  return [...new Set([...by, ...measured])];
}

/**
 * A query's rows over a view of events (`time`, `time_ms` and field columns). Events are first added up by pane, a stretch as long as a slide, then
 * panes to windows: an event is touched once, not once for each of its windows. Spark has no exact count of distinct
 * values in a stream, so it is made of groups: by every field whose values are told apart, then without it.
 */
export function windowedQuery(query: QueryPlan, windows: WindowSettings, events: string): string {
  const { sizeMs, slideMs } = windowsOf(query, windows);
  const keys = query.by.map(fieldColumn);
  const apart = fieldsApart(query);
  const partials = partialsOf(query);
  const merged = partials.map(({ name, ofGroups }) => `${ofGroups} AS ${name}`);
  const panes = nested(
    groupBy(
      [
        "window AS pane",
        ...keys,
        ...apart.map(fieldColumn),
        ...partials.map(({ name, ofEvents }) => `${ofEvents} AS ${name}`),
      ],
      `${events} WATERMARK time DELAY OF INTERVAL '${(windows.delayMs / 1_000).toFixed(3)}' SECOND`,
      [`window(time, '${slideMs} milliseconds')`, ...keys, ...apart.map(fieldColumn)],
    ),
  );
  const ofPane = `window(pane, '${sizeMs} milliseconds', '${slideMs} milliseconds')`;
  if (apart.length === 0)
    return rowsOf(query, nested(groupBy(["window", ...keys, ...merged], panes, [ofPane, ...keys])));
  const byValue = nested(
    groupBy(
      ["window", ...keys, "part", "apart", ...merged],
      nested(selectFrom(["pane", ...keys, `${valuesApart(apart, partials)}`], panes)),
      [ofPane, ...keys, "part", "apart"],
    ),
  );
  return rowsOf(
    query,
    nested(
      groupBy(["window", ...keys, ...merged, ...overValues(query, apart)], byValue, ["window", ...keys]),
    ),
  );
}

/** Fields whose values are told apart, because they are counted or have spans of time. */
function fieldsApart({ measures }: QueryPlan): readonly KeyField[] {
  const fields = Object.values(measures).flatMap((measure) =>
    measure.kind === "countDistinct" || measure.kind === "timeSpan" ? [measure.field] : [],
  );
  return [...new Set(fields)];
}

/** Each group once for each field told apart. What is summed up goes with the first of them only. */
function valuesApart(apart: readonly KeyField[], partials: readonly Partial[]): string {
  const structs = apart.map((field, part) => {
    const kept = partials.map(({ name }) => {
      const isTime = name === FIRST || name === LAST;
      return part === 0 || isTime ? `'${name}', ${name}` : `'${name}', NULL`;
    });
    return `named_struct('part', ${part}, 'apart', ${fieldColumn(field)}, ${kept.join(", ")})`;
  });
  return `inline(array(${structs.join(",\n    ")}))`;
}

const FIRST = "first_ms";
const LAST = "last_ms";

/** What the groups by value add up to for a row. */
function overValues({ measures }: QueryPlan, apart: readonly KeyField[]): readonly string[] {
  return Object.entries(measures).flatMap(([column, measure]) => {
    if (measure.kind !== "countDistinct" && measure.kind !== "timeSpan") return [];
    const part = `part = ${apart.indexOf(measure.field)}`;
    const span = `CASE WHEN ${part} THEN ${LAST} - ${FIRST} END`;
    const values = {
      countDistinct: `count_if(${part})`,
      timeSpan: measure.kind === "timeSpan" && measure.pick === "longest" ? `max(${span})` : `sum(${span})`,
    }[measure.kind];
    return [`${values} AS ${measureColumn(column)}`];
  });
}

function partialsOf({ measures }: QueryPlan): readonly Partial[] {
  const partials: Partial[] = [];
  let needsTimes = false;
  for (const [column, measure] of Object.entries(measures)) {
    const name = measureColumn(column);
    const added = (ofEvents: string): Partial => ({ name, ofEvents, ofGroups: `sum(${name})` });
    switch (measure.kind) {
      case "count":
        partials.push(added("count(*)"));
        break;
      case "countWhere":
        partials.push(added(`count_if(${fieldColumn(measure.field)} = ${textLiteral(measure.value)})`));
        break;
      case "sum":
        partials.push({
          name,
          ofEvents: `sum(${fieldColumn(measure.field)})`,
          ofGroups: `cast(sum(${name}) AS decimal(38, 6))`,
        });
        break;
      case "min":
      case "max":
        partials.push({
          name,
          ofEvents: `${measure.kind}(${fieldColumn(measure.field)})`,
          ofGroups: `${measure.kind}(${name})`,
        });
        break;
      case "minTime":
      case "maxTime":
      case "timeSpan":
        needsTimes = true;
        break;
      case "countDistinct":
      case "first":
      case "last":
      case "single":
        break;
    }
  }
  if (!needsTimes) return partials;
  return [
    ...partials,
    { name: FIRST, ofEvents: "min(time_ms)", ofGroups: `min(${FIRST})` },
    { name: LAST, ofEvents: "max(time_ms)", ofGroups: `max(${LAST})` },
  ];
}

/** Columns of a row as the files show them, and its day for the folder. */
function rowsOf(query: QueryPlan, groups: string): string {
  return selectFrom(
    [
      `${isoTime("window.start")} AS window_start`,
      `${isoTime("window.end")} AS window_end`,
      ...query.by.map((field) => `${fieldColumn(field)} AS ${quotedName(field)}`),
      ...Object.entries(query.measures).map(
        ([column, measure]) => `${shown(measure, measureColumn(column))} AS ${quotedName(column)}`,
      ),
      "date_format(window.start, 'yyyy-MM-dd') AS date",
    ],
    groups,
  );
}

function shown(measure: Measure, value: string): string {
  switch (measure.kind) {
    case "count":
    case "countWhere":
    case "countDistinct":
      return value;
    case "minTime":
      return isoTime(`timestamp_millis(${FIRST})`);
    case "maxTime":
      return isoTime(`timestamp_millis(${LAST})`);
    case "timeSpan":
      return seconds(value);
    case "sum":
    case "min":
    case "max":
      return plainNumber(value);
    case "first":
    case "last":
    case "single":
      assert.fail(`only whole sessions have the measure ${measure.kind}`);
  }
}

function isoTime(time: string): string {
  return `date_format(${time}, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")`;
}

function measureColumn(column: string): string {
  return `m_${column}`;
}

function groupBy(columns: readonly string[], source: string, keys: readonly string[]): string {
  return `${selectFrom(columns, source)}\nGROUP BY ${keys.join(", ")}`;
}
