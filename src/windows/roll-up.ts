import assert from "node:assert/strict";
import type { Dictionary } from "../events/dictionary.ts";
import type { KeyField } from "../events/event.ts";
import type { Measure, QueryPlan } from "../queries/plan.ts";
import { FieldNumbers, greatestOf, leastOf, sumsOf } from "./field-numbers.ts";
import type { Slot } from "./slot.ts";
import { measureFields, measureNeedsTimes, ordered, type TablePlan, tableFor } from "./table-plan.ts";
import { TupleTable } from "./tuple-table.ts";

/** A table grouped by exactly these fields. */
interface Projection {
  readonly fields: readonly KeyField[];
  readonly table: TupleTable;
}

/**
 * One value for each group, by the group's row in the projection on the query's key fields. Sums and extremes of numbers
 * are decimal text, which a double can't always hold.
 */
export type MeasureValues = Float64Array | readonly string[];

/** The groups of one query in one window, with the value of every measure. */
export interface RolledUp {
  readonly groups: TupleTable;
  /** Fields of the groups' keys, in the order of `EVENT_FIELDS`. */
  readonly fields: readonly KeyField[];
  /** By row column, in the query's order. Counts, ms since the epoch, or spans in ms. */
  readonly values: Readonly<Record<string, MeasureValues>>;
}

/**
 * Rolls a merged window up to the groups of its queries. Every measure is a loop over the window's events projected on
 * the fields that the measure groups by; projections are shared by all queries of the window.
 */
export class RollUp {
  private readonly plan: TablePlan;
  private readonly window: Slot;
  private readonly projections = new Map<string, Projection>();
  private readonly numbers = new Map<KeyField, FieldNumbers>();

  constructor(plan: TablePlan, window: Slot) {
    this.plan = plan;
    this.window = window;
  }

  /** The groups of `query` and the values of its measures. */
  query(query: QueryPlan): RolledUp {
    const measures = Object.entries(query.measures);
    const fields = ordered(query.by);
    const groups = this.project(
      fields,
      measures.some(([, { kind }]) => kind === "minTime" || kind === "maxTime"),
    );
    const values: Record<string, MeasureValues> = {};
    for (const [column, measure] of measures) values[column] = this.measure(query, measure, groups);
    return { groups: groups.table, fields, values };
  }

  private measure(query: QueryPlan, measure: Measure, groups: Projection): MeasureValues {
    switch (measure.kind) {
      case "count":
        return groups.table.counts;
      case "minTime":
        return groups.table.minMs;
      case "maxTime":
        return groups.table.maxMs;
      case "countWhere":
      case "countDistinct":
      case "timeSpan": {
        const detail = this.project(measureFields(query, measure), measureNeedsTimes(measure));
        const groupOf = groupRows(groups, detail);
        const values = new Float64Array(groups.table.size);
        if (measure.kind === "countWhere") this.addMatching(values, detail, groupOf, measure);
        else if (measure.kind === "countDistinct") addOnes(values, groupOf);
        else addSpans(values, detail.table, groupOf, measure.pick);
        return values;
      }
      case "sum":
      case "min":
      case "max": {
        const detail = this.project(measureFields(query, measure), false);
        const { width, keys, counts, size } = detail.table;
        const at = detail.fields.indexOf(measure.field);
        const ids = new Int32Array(size);
        for (let row = 0; row < size; row++) ids[row] = keys[row * width + at] as number;
        const numbers = this.numbersOf(measure.field);
        const rows = { ids, counts, groupOf: groupRows(groups, detail), groups: groups.table.size };
        if (measure.kind === "sum") return sumsOf(numbers, rows);
        return measure.kind === "min" ? leastOf(numbers, rows) : greatestOf(numbers, rows);
      }
      case "first":
      case "last":
      case "single":
        assert.fail(`only whole sessions have the measure ${measure.kind}`);
    }
  }

  private addMatching(
    values: Float64Array,
    { fields, table }: Projection,
    groupOf: Int32Array,
    measure: { field: KeyField; value: string },
  ): void {
    const id = (this.window.strings[measure.field] as Dictionary).internString(measure.value);
    const { size, width, keys, counts } = table;
    const at = fields.indexOf(measure.field);
    for (let row = 0; row < size; row++) {
      if (keys[row * width + at] === id) add(values, groupOf[row] as number, counts[row] as number);
    }
  }

  private numbersOf(field: KeyField): FieldNumbers {
    let numbers = this.numbers.get(field);
    if (numbers === undefined) {
      numbers = new FieldNumbers(this.window.strings[field] as Dictionary);
      this.numbers.set(field, numbers);
    }
    return numbers;
  }

  private project(fields: readonly KeyField[], times: boolean): Projection {
    const name = `${fields.join()}${times ? "+times" : ""}`;
    let projection = this.projections.get(name);
    if (projection === undefined) {
      projection = projectRows(this.sourceFor(fields, times), fields, times);
      this.projections.set(name, projection);
    }
    return projection;
  }

  /** The smallest table that has these fields: an earlier projection or one of the window's own. */
  private sourceFor(fields: readonly KeyField[], times: boolean): Projection {
    const index = tableFor(this.plan, fields, times);
    let source: Projection = {
      fields: this.plan.tables[index]?.fields as readonly KeyField[],
      table: this.window.tables[index] as TupleTable,
    };
    for (const candidate of this.projections.values()) {
      const usable =
        candidate.table.size < source.table.size &&
        (!times || candidate.table.hasTimes) &&
        fields.every((field) => candidate.fields.includes(field));
      if (usable) source = candidate;
    }
    return source;
  }
}

/** Groups the rows of a wider table by fewer fields. About 30 ns a row. */
function projectRows(source: Projection, fields: readonly KeyField[], times: boolean): Projection {
  if (fields.length === source.fields.length && times === source.table.hasTimes) return source;
  const at = fields.map((field) => source.fields.indexOf(field));
  const { size, width, keys, counts, minMs, maxMs } = source.table;
  const table = new TupleTable(fields.length, times);
  const key = new Int32Array(fields.length);
  for (let row = 0; row < size; row++) {
    for (let k = 0; k < at.length; k++) key[k] = keys[row * width + (at[k] as number)] as number;
    table.add(table.row(key, 0), counts[row] as number, minMs[row] as number, maxMs[row] as number);
  }
  return { fields, table };
}

/** For each row of `detail`, the row of its group. */
function groupRows(groups: Projection, detail: Projection): Int32Array {
  const at = groups.fields.map((field) => detail.fields.indexOf(field));
  const { size, width, keys } = detail.table;
  const rows = new Int32Array(size);
  const key = new Int32Array(at.length);
  for (let row = 0; row < size; row++) {
    for (let k = 0; k < at.length; k++) key[k] = keys[row * width + (at[k] as number)] as number;
    rows[row] = groups.table.find(key, 0);
  }
  return rows;
}

function addOnes(values: Float64Array, groupOf: Int32Array): void {
  for (let row = 0; row < groupOf.length; row++) add(values, groupOf[row] as number, 1);
}

function addSpans(
  values: Float64Array,
  { minMs, maxMs }: TupleTable,
  groupOf: Int32Array,
  pick: "sum" | "longest",
): void {
  for (let row = 0; row < groupOf.length; row++) {
    const group = groupOf[row] as number;
    const spanMs = (maxMs[row] as number) - (minMs[row] as number);
    if (pick === "sum") add(values, group, spanMs);
    else if (spanMs > (values[group] as number)) values[group] = spanMs;
  }
}

function add(values: Float64Array, at: number, amount: number): void {
  values[at] = (values[at] as number) + amount;
}
