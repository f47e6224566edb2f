// Shared by the scanner's tests: batches made of values, and what a scanner said of each.
import { createEventColumns, createRejectedRows } from "../../src/events/columns.ts";
import type { KeyField } from "../../src/events/event.ts";
import type { Verdict } from "../../src/events/judge.ts";
import type { RecordColumns } from "../../src/events/records.ts";
import type { Scanner } from "../../src/events/scanner.ts";

/** A batch of these values one after another, then `after`, which must not matter to any verdict. */
export function batchOf(
  values: readonly (Uint8Array | null)[],
  after: Buffer = Buffer.alloc(16),
): RecordColumns {
  const count = values.length;
  const records: RecordColumns = {
    bytes: Buffer.concat([...values.map((value) => value ?? new Uint8Array()), after]),
    count,
    offset: Float64Array.from(values, (_, row) => row),
    timestampMs: new Float64Array(count),
    valueStart: new Int32Array(count),
    valueEnd: new Int32Array(count),
    recordStart: new Int32Array(count),
  };
  let position = 0;
  values.forEach((value, row) => {
    records.valueStart[row] = value === null ? -1 : position;
    position += value?.length ?? 0;
    records.valueEnd[row] = position;
  });
  return records;
}

/** A verdict with only the fields that the scanner was compiled for. */
export type ScannedVerdict = { reason: string } | { timeMs: number; texts: Record<string, string> };

/** What the scanner says of every record, by row; undefined for a row that it left out. */
export function scanAll(
  scanner: Scanner,
  fields: readonly KeyField[],
  records: RecordColumns,
): (ScannedVerdict | undefined)[] {
  const events = createEventColumns(fields, 1);
  const rejected = createRejectedRows(1);
  const half = records.count >> 1;
  scanner.scan(records, 0, half, events, rejected);
  scanner.scan(records, half, records.count, events, rejected);
  const verdicts = new Array<ScannedVerdict | undefined>(records.count);
  for (let i = 0; i < events.count; i++) {
    const texts: Record<string, string> = {};
    for (const field of fields) texts[field] = scanner.dictionaries[field]!.text(events.ids[field]![i]!);
    verdicts[events.row[i]!] = { timeMs: events.timeMs[i]!, texts };
  }
  for (let i = 0; i < rejected.count; i++) verdicts[rejected.row[i]!] = { reason: rejected.reason[i]! };
  return verdicts;
}

/** The part of a judge's verdict that a scanner for these fields gives too. */
export function scanned(verdict: Verdict, fields: readonly KeyField[]): ScannedVerdict {
  if ("reason" in verdict) return verdict;
  const { event } = verdict;
  return { timeMs: event.timeMs, texts: Object.fromEntries(fields.map((field) => [field, event[field]])) };
}
