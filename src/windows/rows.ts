import assert from "node:assert/strict";
import type { Dictionary } from "../events/dictionary.ts";
import type { Measure, QueryPlan } from "../queries/plan.ts";
import type { MeasureValues, RolledUp } from "./roll-up.ts";
import type { Slot } from "./slot.ts";

/** Rows of one query and window as newline-delimited JSON. */
export interface EncodedRows {
  rowCount: number;
  bytes: Buffer;
}

/** Far below the longest string that V8 makes, 2^29 characters: keys of a megabyte each are allowed. */
const CHUNK_CHARACTERS = 1 << 24;

/** The final bytes of a query's rows: columns in the query's order, rows sorted by their keys' UTF-8 bytes. */
export function encodeRows(
  query: QueryPlan,
  { groups, fields, values }: RolledUp,
  strings: Slot["strings"],
  windowStartMs: number,
  windowEndMs: number,
): EncodedRows {
  const keyColumns = query.by.map((field) => {
    const at = fields.indexOf(field);
    return keyColumn(strings[field] as Dictionary, groups.keys, groups.width, at, groups.size);
  });
  const head = `{"window_start":"${isoTime(windowStartMs)}","window_end":"${isoTime(windowEndMs)}"`;
  const measures = Object.entries(query.measures).map(([column, measure]) => ({
    prefix: `,${JSON.stringify(column)}:`,
    textAt: jsonOf(measure, values[column] as MeasureValues),
  }));
  const chunks: Buffer[] = [];
  let text = "";
  for (const row of sortedRows(keyColumns, groups.size)) {
    text += head;
    query.by.forEach((field, k) => {
      text += `,"${field}":${(keyColumns[k] as KeyColumn).json[row]}`;
    });
    for (const { prefix, textAt } of measures) text += prefix + textAt(row);
    text += "}\n";
    if (text.length > CHUNK_CHARACTERS) {
      chunks.push(Buffer.from(text));
      text = "";
    }
  }
  chunks.push(Buffer.from(text));
  return {
    rowCount: groups.size,
    bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks),
  };
}

/** A time as rows show it: `2026-11-23T08:05:00.000Z`. */
export function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

interface KeyColumn {
  /** The key's UTF-8 bytes, one character a byte, so that strings compare as the bytes do. */
  order: string[];
  json: string[];
}

function keyColumn(
  dictionary: Dictionary,
  keys: Int32Array,
  width: number,
  at: number,
  size: number,
): KeyColumn {
  const order = new Array<string>(size);
  const json = new Array<string>(size);
  const { arena } = dictionary;
  const bytes = Buffer.from(arena.buffer, arena.byteOffset, arena.byteLength);
  for (let row = 0; row < size; row++) {
    const id = keys[row * width + at] as number;
    const start = dictionary.startOf(id);
    const end = start + dictionary.lengthOf(id);
    order[row] = bytes.toString("latin1", start, end);
    json[row] = JSON.stringify(bytes.toString("utf8", start, end));
  }
  return { order, json };
}

function sortedRows(columns: readonly KeyColumn[], size: number): number[] {
  const rows = Array.from({ length: size }, (_, row) => row);
  return rows.sort((a, b) => {
    for (const { order } of columns) {
      const x = order[a] as string;
      const y = order[b] as string;
      if (x !== y) return x < y ? -1 : 1;
    }
    return 0;
  });
}

/** A measure's value in a row as JSON. */
function jsonOf(measure: Measure, values: MeasureValues): (row: number) => string {
  switch (measure.kind) {
    case "count":
    case "countWhere":
    case "countDistinct":
    case "sum":
    case "min":
    case "max":
      return (row) => String(values[row]);
    case "minTime":
    case "maxTime":
      return (row) => `"${isoTime(values[row] as number)}"`;
    case "timeSpan":
      return (row) => String((values[row] as number) / 1000);
    case "first":
    case "last":
    case "single":
      assert.fail(`only whole sessions have the measure ${measure.kind}`);
  }
}
