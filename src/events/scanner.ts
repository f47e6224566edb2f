import assert from "node:assert/strict";
import { type EventColumns, ensureEventCapacity, type RejectedRows, reject } from "./columns.ts";
import type { Dictionary } from "./dictionary.ts";
import type { EventRules, KeyField } from "./event.ts";
import { FieldReader } from "./field-reader.ts";
import { judge } from "./judge.ts";
import { compactLayout } from "./layout.ts";
import { compileLayout, type RunScanner, type ValueReaders } from "./layout-compiler.ts";
import type { RecordColumns } from "./records.ts";
import { TimestampReader } from "./timestamp-reader.ts";

/** Turns records into columns of event times and dictionary ids. */
export interface Scanner {
  /** The strings behind the ids, for the fields that the scanner was compiled for. */
  readonly dictionaries: Partial<Record<KeyField, Dictionary>>;
  /**
   * Hot. Scans records [from, to) and appends to `events` and `rejected`, whose counts the caller resets. The verdicts
   * and strings are those of `judge`, whatever the layout of the JSON. Synchronous.
   */
  scan(records: RecordColumns, from: number, to: number, events: EventColumns, rejected: RejectedRows): void;
  /** Empties the dictionaries; the ids of actions and device types are then again their indexes in the rules. */
  reset(): void;
}

/** Compiles a scanner for the fields that queries use. The rules' values must be distinct, well-formed and not empty. */
export function compileScanner(options: { fields: readonly KeyField[]; rules: EventRules }): Scanner {
  return new LayoutScanner(options.fields, options.rules);
}

class LayoutScanner implements Scanner {
  readonly dictionaries: Partial<Record<KeyField, Dictionary>> = {};
  private readonly fields: readonly KeyField[];
  private readonly rules: EventRules;
  private readonly readers: ValueReaders;
  private readonly runs: RunScanner[];
  private bytes: Buffer = Buffer.alloc(0);
  private view = new DataView(this.bytes.buffer, this.bytes.byteOffset, 0);

  constructor(fields: readonly KeyField[], rules: EventRules) {
    for (const values of [rules.actions, rules.deviceTypes]) {
      assert(new Set(values).size === values.length, "values of a rule are distinct");
      assert(
        values.every((value) => value !== "" && value.isWellFormed()),
        "values of a rule are texts",
      );
    }
    this.fields = fields;
    this.rules = rules;
    const readers = new Map<KeyField, FieldReader>();
    for (const field of fields) readers.set(field, new FieldReader());
    readers.set("action", new FieldReader(rules.actions));
    readers.set("device_type", new FieldReader(rules.deviceTypes));
    for (const field of fields) this.dictionaries[field] = readers.get(field)!.dictionary;
    this.readers = { fields: readers, timestamps: new TimestampReader() };
    this.runs = [compileLayout(compactLayout(), this.readers, fields, rules.maxEventBytes)];
  }

  scan(records: RecordColumns, from: number, to: number, events: EventColumns, rejected: RejectedRows): void {
    ensureEventCapacity(events, events.count + to - from);
    const view = this.viewOf(records.bytes);
    let row = this.runs[0]!(view, records, from, to, events);
    while (row < to) {
      this.scanSlowly(records, row, events, rejected);
      row = this.runs[0]!(view, records, row + 1, to, events);
    }
  }

  reset(): void {
    for (const reader of this.readers.fields.values()) reader.reset();
  }

  private scanSlowly(
    records: RecordColumns,
    row: number,
    events: EventColumns,
    rejected: RejectedRows,
  ): void {
    const start = records.valueStart[row]!;
    const value = start < 0 ? null : records.bytes.subarray(start, records.valueEnd[row]);
    const verdict = judge(value, this.rules);
    if ("reason" in verdict) {
      reject(rejected, row, verdict.reason);
      return;
    }
    const index = events.count++;
    events.row[index] = row;
    events.timeMs[index] = verdict.event.timeMs;
    for (const field of this.fields) {
      events.ids[field]![index] = this.dictionaries[field]!.internString(verdict.event[field]);
    }
  }

  /** The fetch path reuses few buffers, so that a view is seldom made. */
  private viewOf(bytes: Buffer): DataView {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    return this.view;
  }
}
