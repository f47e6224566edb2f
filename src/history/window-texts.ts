import { createReadStream } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Column, RowShape } from "./columns.ts";
import { identifier, literal } from "./sql-text.ts";

/** The rows of one window as the sink's file holds them: newline-delimited JSON, sorted by the keys' UTF-8 bytes. */
export interface WindowText {
  startMs: number;
  rows: number;
  text: string;
}

/** The windows of a Parquet file of one query, by their start. In memory is one window, beside what DuckDB sorts. */
export async function* windowsInParquet(
  connection: DuckDBConnection,
  path: string,
  shape: RowShape,
): AsyncGenerator<WindowText> {
  const columns = shape.columns.map(({ name, type }) => numeric(identifier(name), type)).join(", ");
  const order = ["window_start", ...shape.keys].map(identifier).join(", ");
  const result = await connection.stream(
    `SELECT ${columns} FROM read_parquet(${literal(path)}) ORDER BY ${order}`,
  );
  const rowOf = rowWriter(shape.columns);
  const startAt = shape.columns.findIndex(({ name }) => name === "window_start");
  const collect = new WindowCollector();
  for await (const chunk of result) {
    const values = chunk.getColumns();
    const starts = values[startAt] as number[];
    for (let row = 0; row < chunk.rowCount; row++) {
      const complete = collect.add(starts[row] as number, rowOf(values, row));
      if (complete !== undefined) yield complete;
    }
  }
  const last = collect.last();
  if (last !== undefined) yield last;
}

/** The windows of a file that is the windows' files one after the other, in their order. */
export async function* windowsInJson(path: string): AsyncGenerator<WindowText> {
  const collect = new WindowCollector();
  for await (const line of lines(path)) {
    const complete = collect.add(windowStartIn(line), line);
    if (complete !== undefined) yield complete;
  }
  const last = collect.last();
  if (last !== undefined) yield last;
}

/** The start of a row's window, ms since the epoch, without parsing the row; NaN when it is no row. */
export function windowStartIn(line: string): number {
  return Date.parse(line.slice(START_FROM, START_TO));
}

const START_FROM = '{"window_start":"'.length;
const START_TO = START_FROM + "2026-11-23T08:05:00.000Z".length;

class WindowCollector {
  #startMs = Number.NaN;
  #lines: string[] = [];

  /** Takes a row; returns the window before it when this one begins another. */
  add(startMs: number, line: string): WindowText | undefined {
    const complete = startMs === this.#startMs ? undefined : this.last();
    this.#startMs = startMs;
    this.#lines.push(line);
    return complete;
  }

  last(): WindowText | undefined {
    const lines = this.#lines;
    this.#lines = [];
    return lines.length === 0
      ? undefined
      : { startMs: this.#startMs, rows: lines.length, text: lines.join("") };
  }
}

/** Lines with their ends. Not `readline`, which also ends lines where JSON text has U+2028. */
async function* lines(path: string): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      rest.push(chunk.subarray(start, end + 1));
      yield (rest.length === 1 ? (rest[0] as Buffer) : Buffer.concat(rest)).toString();
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
  if (rest.length > 0) yield Buffer.concat(rest).toString();
}

/** A column as something that comes as a JavaScript number or string, exact and without an object for each value. */
function numeric(column: string, type: Column["type"]): string {
  if (type === "TIMESTAMP") return `epoch_ms(${column})::DOUBLE`;
  if (type === "DECIMAL(38,6)") return `${column}::VARCHAR`; // more digits than a double has
  return type === "VARCHAR" ? column : `${column}::DOUBLE`;
}

function jsonWriter(type: Column["type"]): (value: unknown) => string {
  if (type === "TIMESTAMP") return timeWriter();
  return type === "DECIMAL(38,6)" ? (text) => String(text).replace(/\.?0+$/, "") : JSON.stringify;
}

/** Writes a row as `src/windows/rows.ts` does; apart from it, so that each checks the other. */
function rowWriter(columns: readonly Column[]): (values: readonly unknown[][], row: number) => string {
  const parts = columns.map(({ name, type }, at) => ({
    prefix: `${at === 0 ? "{" : ","}${JSON.stringify(name)}:`,
    jsonOf: jsonWriter(type),
  }));
  return (values, row) => {
    let text = "";
    parts.forEach(({ prefix, jsonOf }, at) => {
      text += prefix + jsonOf((values[at] as unknown[])[row]);
    });
    return `${text}}\n`;
  };
}

/** Most rows have the times of the row before. */
function timeWriter(): (value: unknown) => string {
  let lastMs: unknown;
  let last = "";
  return (timeMs) => {
    if (timeMs !== lastMs) {
      lastMs = timeMs;
      last = JSON.stringify(new Date(timeMs as number));
    }
    return last;
  };
}
