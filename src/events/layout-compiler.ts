import assert from "node:assert/strict";
import type { EventColumns } from "./columns.ts";
import type { KeyField } from "./event.ts";
import { hintOf, type IdReader, lastHintOf } from "./field-reader.ts";
import { containerEnd } from "./json-container.ts";
import { strictScalarEnd } from "./json-scalar.ts";
import { textEnd } from "./json-text.ts";
import type { Layout, LayoutValue, OtherValue } from "./layout.ts";
import type { RecordColumns } from "./records.ts";
import type { TimestampReader } from "./timestamp-reader.ts";

/**
 * Hot. Scans records from `from` on and appends their events, up to the first record that doesn't fit the layout, whose
 * index it returns; `to` when all fit. Costs some 300 ns for a record of 245 bytes: a literal compared a word at a
 * time, then a value, eight times over. Allocates nothing for a string that it has seen.
 */
export type RunScanner = (
  view: DataView,
  records: RecordColumns,
  from: number,
  to: number,
  events: EventColumns,
) => number;

/** What compiled code reads values with; shared by the layouts of one scanner. */
export interface ValueReaders {
  /** For the fields whose ids are wanted, that are enumerations, or that are numbers. */
  fields: ReadonlyMap<KeyField, IdReader>;
  /** The ids of those of them that events without a value of their own have. */
  presetIds: ReadonlyMap<KeyField, number>;
  timestamps: TimestampReader;
}

/** Compiles a layout to code that has its literals as constants and reads only what `columns` and verdicts need. */
export function compileLayout(
  layout: Layout,
  readers: ValueReaders,
  columns: readonly KeyField[],
  maxEventBytes: number,
): RunScanner {
  const body = layout.literals.flatMap((literal, index) => {
    const value = layout.values[index];
    const isLast = index === layout.values.length - 1;
    const lastLiteralBytes = isLast ? layout.literals[index + 1]!.length : undefined;
    return [
      matchLiteral(literal, "break"),
      value === undefined ? "" : readValue(value, readers, lastLiteralBytes),
    ];
  });
  const source = `
    ${[...readers.fields.keys()].map((field) => `const ${field}Reader = fields.get("${field}");`).join("\n")}
    return function scanRun(view, records, from, to, events) {
      const { bytes, valueStart, valueEnd } = records;
      const { row: rows, timeMs: times } = events;
      ${columns.map((field) => `const ${field}Ids = events.ids.${field};`).join("\n")}
      let count = events.count;
      let row = from;
      for (; row < to; row++) {
        let position = valueStart[row];
        const end = valueEnd[row];
        let timeMs = 0, close = 0, hint = 0;
        ${[...readers.fields.keys()].map((field) => `let ${field}Id = ${readers.presetIds.get(field) ?? 0};`).join(" ")}
        if (position < 0 || end - position > ${maxEventBytes}) break;
        ${body.join("\n")}
        if (position !== end) break;
        rows[count] = row;
        times[count] = timeMs;
        ${columns.map((field) => `${field}Ids[count] = ${field}Id;`).join("\n")}
        count++;
      }
      events.count = count;
      return row;
    };`;
  const make = new Function(
    "fields",
    "timestamps",
    "textEnd",
    "strictScalarEnd",
    "containerEnd",
    "hintOf",
    "lastHintOf",
    source,
  );
  return make(
    readers.fields,
    readers.timestamps,
    textEnd,
    strictScalarEnd,
    containerEnd,
    hintOf,
    lastHintOf,
  ) as RunScanner;
}

/** Compares the literal's bytes as words, of which the last two may overlap; on a misfit runs the statement `otherwise`. */
function matchLiteral(literal: Uint8Array, otherwise: string): string {
  assert(literal.length > 0);
  const view = new DataView(literal.buffer, literal.byteOffset, literal.length);
  const checks = [`position + ${literal.length} > end`];
  const word = (at: number): void => {
    checks.push(`view.getInt32(position + ${at}, true) !== ${view.getInt32(at, true)}`);
  };
  let at = 0;
  for (; at + 4 <= literal.length; at += 4) word(at);
  if (at < literal.length && literal.length >= 4) word(literal.length - 4);
  else for (; at < literal.length; at++) checks.push(`view.getUint8(position + ${at}) !== ${literal[at]}`);
  return `if (${checks.join(" || ")}) ${otherwise};
    position += ${literal.length};`;
}

/** `lastLiteralBytes`: length of the literal behind the value if that ends the record. */
function readValue(value: LayoutValue, readers: ValueReaders, lastLiteralBytes: number | undefined): string {
  switch (value.kind) {
    case "timestamp_text":
      return `timeMs = timestamps.msOfMinute(view, position, end);
        if (timeMs >= 0) { timeMs += timestamps.minuteMs; position += 24; }
        else {
          position = timestamps.read(view, bytes, position, end);
          if (position < 0) break;
          timeMs = timestamps.timeMs;
        }`;
    case "timestamp_number":
      return `position = timestamps.readNumber(view, position, end);
        if (position < 0) break;
        timeMs = timestamps.timeMs;`;
    case "other_text":
    case "other_scalar":
    case "other_container":
      return passOver(value, "break", 0);
    case "number":
      return readNumber(value.fields);
    case "text":
      return readText(
        value.fields.filter((field) => readers.fields.has(field)),
        lastLiteralBytes,
      );
  }
}

/**
 * Passes over a value that is no field; on one that isn't surely valid runs the statement `otherwise`. A container that is
 * not written as usual is walked from its start.
 */
function passOver(value: OtherValue, otherwise: string, depth: number): string {
  if (value.kind === "other_text") {
    return `position = textEnd(view, bytes, position, end, true);
      if (position < 0) ${otherwise};`;
  }
  if (value.kind === "other_scalar") {
    return `position = strictScalarEnd(bytes, position, end);
      if (position < 0) ${otherwise};`;
  }
  const walk = `position = containerEnd(view, bytes, position, end);
      if (position < 0) ${otherwise};`;
  if (value.usual === undefined) return walk;
  const { literals, values } = value.usual;
  const misfit = `break unusual${depth}`;
  const usual = literals.map((literal, index) => {
    const inside = values[index];
    return `${matchLiteral(literal, misfit)}
      ${inside === undefined ? "" : passOver(inside, misfit, depth + 1)}`;
  });
  return `container${depth}: {
      const start${depth} = position;
      unusual${depth}: {
        ${usual.join("\n")}
        break container${depth};
      }
      position = start${depth};
      ${walk}
    }`;
}

/** Reads one text for all fields that it is, or only past it when there is none. */
function readText(fields: readonly KeyField[], lastLiteralBytes: number | undefined): string {
  const reads = fields.map((field) => readId(field, lastLiteralBytes));
  if (reads.length === 0) {
    reads.push(`close = textEnd(view, bytes, position, end, false);
      if (close <= position) break;`);
  }
  return `${reads.join("\n")}
    position = close;`;
}

/** Reads one number for all fields that it is. */
function readNumber(fields: readonly KeyField[]): string {
  return `${fields.map((field) => readById(field, "0")).join("\n")}
    position = close;`;
}

function readId(field: KeyField, lastLiteralBytes: number | undefined): string {
  const hint =
    lastLiteralBytes !== undefined && lastLiteralBytes < 16
      ? `lastHintOf(view, position, end - ${lastLiteralBytes + 4})`
      : "hintOf(view, position)";
  return readById(field, hint);
}

function readById(field: KeyField, hint: string): string {
  return `hint = ${hint};
    ${field}Id = ${field}Reader.predict(view, position, end, hint);
    if (${field}Id < 0) {
      ${field}Id = ${field}Reader.read(view, bytes, position, end, hint);
      if (${field}Id < 0) break;
    }
    close = ${field}Reader.end;`;
}
