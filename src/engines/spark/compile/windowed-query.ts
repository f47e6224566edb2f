import type { KeyField } from "../../../events/event.ts";
import type { QueryPlan, WindowSettings } from "../../../queries/plan.ts";
import { windowsOf } from "../../../queries/window-lengths.ts";
import { fieldColumn } from "./judged-events.ts";
import { FIRST, LAST, measureColumn, rowsOf } from "./row-columns.ts";
import { groupBy, nested, selectFrom, textLiteral } from "./sql-text.ts";
import { watermarked } from "./time-sql.ts";

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
      watermarked(events, windows.delayMs),
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
