import assert from "node:assert/strict";
import { type EventColumns, ensureEventCapacity, type RejectedRows, reject } from "./columns.ts";
import type { Dictionary } from "./dictionary.ts";
import { type EventRules, extraFieldsOf, type KeyField } from "./event.ts";
import { fieldPaths } from "./field-paths.ts";
import { FieldReader, type IdReader } from "./field-reader.ts";
import { isNumberSource, presetOf, sourceOf } from "./field-source.ts";
import { judge } from "./judge.ts";
import { compactLayout, type Layout } from "./layout.ts";
import { compileLayout, type RunScanner, type ValueReaders } from "./layout-compiler.ts";
import { LayoutLearner } from "./layout-learner.ts";
import { MappedFieldReader } from "./mapped-field-reader.ts";
import { NumberReader } from "./number-reader.ts";
import type { RecordColumns } from "./records.ts";
import { TimestampReader } from "./timestamp-reader.ts";

/** Producers of one topic that differ in layout are few; each layout costs a try for a record that fits none. */
const MAX_LAYOUTS = 4;

/** Turns records into columns of event times and dictionary ids. */
export interface Scanner {
  /** The strings behind the ids, for the fields that the scanner was compiled for. */
  readonly dictionaries: Partial<Record<KeyField, Dictionary>>;
  /**
   * Hot. Scans records [from, to) and appends to `events` and `rejected`, whose counts the caller resets. The verdicts
   * and strings are those of `judge`, whatever the layout of the JSON. Synchronous.
   */
  scan(records: RecordColumns, from: number, to: number, events: EventColumns, rejected: RejectedRows): void;
  /** Empties the dictionaries, all or those of some fields; the ids of actions and device types are then again their indexes in the rules. */
  reset(fields?: readonly KeyField[]): void;
}

/** Compiles a scanner for the fields that queries use. The rules' values must be distinct, well-formed and not empty. */
export function compileScanner(options: { fields: readonly KeyField[]; rules: EventRules }): Scanner {
  return new LayoutScanner(options.fields, options.rules);
}

/** A layout's name and its code. */
interface KnownLayout {
  signature: string;
  run: RunScanner;
}

class LayoutScanner implements Scanner {
  readonly dictionaries: Partial<Record<KeyField, Dictionary>> = {};
  private readonly fields: readonly KeyField[];
  private readonly rules: EventRules;
  private readonly readers: ValueReaders;
  /** The one that fitted last comes first. */
  private readonly layouts: KnownLayout[] = [];
  private readonly learner: LayoutLearner;
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
    this.learner = new LayoutLearner(fieldPaths(rules));
    const readers = new Map<KeyField, IdReader>();
    const presetIds = new Map<KeyField, number>();
    const numbers = extraFieldsOf(rules).filter((field) => isNumberSource(sourceOf(rules, field)));
    for (const field of new Set<KeyField>([...fields, "action", "device_type", ...numbers])) {
      const source = sourceOf(rules, field);
      if (isNumberSource(source)) {
        const reader = new NumberReader(source.default);
        readers.set(field, reader);
        presetIds.set(field, reader.presetId);
        continue;
      }
      const reader = new FieldReader({ ...allowedOf(rules, field), preset: presetOf(source) });
      const map = "path" in source ? source.map : undefined;
      readers.set(field, map === undefined ? reader : new MappedFieldReader(reader, map));
      presetIds.set(field, reader.presetId);
    }
    for (const field of fields) this.dictionaries[field] = readers.get(field)!.dictionary;
    this.readers = { fields: readers, presetIds, timestamps: new TimestampReader() };
    if (rules.fields === undefined && rules.extraFields === undefined) this.know(compactLayout());
  }

  scan(records: RecordColumns, from: number, to: number, events: EventColumns, rejected: RejectedRows): void {
    ensureEventCapacity(events, events.count + to - from);
    const view = this.viewOf(records.bytes);
    let row = from;
    while (row < to) {
      const next = this.scanRun(view, records, row, to, events);
      if (next === row) this.scanSlowly(records, row, events, rejected);
      row = Math.max(next, row + 1);
    }
  }

  reset(fields: Iterable<KeyField> = this.readers.fields.keys()): void {
    for (const field of fields) this.readers.fields.get(field)!.reset();
  }

  /** Scans as many records as fit one known layout; returns the index behind them, `from` if the first fits none. */
  private scanRun(
    view: DataView,
    records: RecordColumns,
    from: number,
    to: number,
    events: EventColumns,
  ): number {
    for (let i = 0; i < this.layouts.length; i++) {
      const layout = this.layouts[i]!;
      const next = layout.run(view, records, from, to, events);
      if (next === from) continue;
      for (let k = i; k > 0; k--) this.layouts[k] = this.layouts[k - 1]!;
      this.layouts[0] = layout;
      return next;
    }
    return from;
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
    const isKnown = ({ signature }: Layout): boolean =>
      this.layouts.some((one) => one.signature === signature);
    const learned = this.learner.observe(value!, isKnown);
    if (learned !== undefined) this.know(learned);
  }

  /** Puts a layout first, and forgets the one that fitted the longest ago when there are too many. */
  private know(layout: Layout): void {
    const run = compileLayout(layout, this.readers, this.fields, this.rules.maxEventBytes);
    this.layouts.unshift({ signature: layout.signature, run });
    if (this.layouts.length <= MAX_LAYOUTS) return;
    this.layouts.pop();
    this.learner.slowDown();
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

function allowedOf({ actions, deviceTypes }: EventRules, field: KeyField): { allowed?: readonly string[] } {
  if (field === "action") return { allowed: actions };
  return field === "device_type" ? { allowed: deviceTypes } : {};
}
