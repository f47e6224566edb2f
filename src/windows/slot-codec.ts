import assert from "node:assert/strict";
import type { KeyField } from "../events/event.ts";
import type { ByteReader } from "./byte-columns.ts";
import { ByteWriter } from "./byte-columns.ts";
import { openSealed, SLOT_FORMATS, sealed } from "./sealed-bytes.ts";
import type { SlotColumns, StringTable } from "./slot.ts";
import { OwnIds, readStrings, writeStrings } from "./string-columns.ts";
import type { TablePlan } from "./table-plan.ts";
import type { TupleColumns } from "./tuple-table.ts";

/** The rows of one table that belong to a slot. `keyOffset` ids at the start of each key are not part of the slot. */
export interface TableRows {
  readonly columns: TupleColumns;
  readonly keyOffset: number;
  readonly rows: Int32Array;
}

/**
 * A slot as bytes that stand alone: format (u8) | strings of each field | columns of each table | CRC-32 (u32). Numbers
 * are little-endian columns, each as narrow as its greatest value allows; times are relative to the pane's start.
 */
export function encodeSlot(
  plan: TablePlan,
  strings: SlotColumns["strings"],
  tables: readonly TableRows[],
  paneStartMs: number,
): Uint8Array {
  const ownIds = new Map<KeyField, OwnIds>();
  for (const field of plan.fields) ownIds.set(field, new OwnIds((strings[field] as StringTable).size));
  const body = new ByteWriter();
  plan.tables.forEach((spec, index) => {
    const { columns, keyOffset, rows } = tables[index] as TableRows;
    body.count(rows.length);
    spec.fields.forEach((field, k) => {
      const own = ownIds.get(field) as OwnIds;
      body.column(rows.length, (i) =>
        own.of(columns.keys[(rows[i] as number) * columns.width + keyOffset + k] as number),
      );
    });
    body.column(rows.length, (i) => columns.counts[rows[i] as number] as number);
    if (!spec.times) return;
    body.column(rows.length, (i) => (columns.minMs[rows[i] as number] as number) - paneStartMs);
    body.column(
      rows.length,
      (i) => (columns.maxMs[rows[i] as number] as number) - (columns.minMs[rows[i] as number] as number),
    );
  });
  const head = new ByteWriter();
  head.byte(SLOT_FORMATS.tables);
  for (const field of plan.fields) {
    writeStrings(head, strings[field] as StringTable, (ownIds.get(field) as OwnIds).used);
  }
  return sealed(head.finish(), body.finish());
}

/** The columns of an encoded slot. Crashes on bytes that were damaged or written for another plan. */
export function decodeSlot(plan: TablePlan, encoded: Uint8Array, paneStartMs: number): SlotColumns {
  const reader = openSealed(encoded, SLOT_FORMATS.tables);
  const strings: Partial<Record<KeyField, StringTable>> = {};
  for (const field of plan.fields) strings[field] = readStrings(reader);
  const tables = plan.tables.map((spec) => readTable(reader, spec.fields.length, spec.times, paneStartMs));
  assert(reader.atEnd, "a stored pane has bytes left over");
  return { strings, tables };
}

function readTable(reader: ByteReader, width: number, times: boolean, paneStartMs: number): TupleColumns {
  const size = reader.count();
  const keys = new Int32Array(size * width);
  for (let k = 0; k < width; k++) {
    const column = reader.column(size);
    for (let row = 0; row < size; row++) keys[row * width + k] = column[row] as number;
  }
  const counts = reader.column(size);
  const minMs = times ? reader.column(size) : new Float64Array(0);
  const maxMs = times ? reader.column(size) : new Float64Array(0);
  for (let row = 0; row < minMs.length; row++) {
    minMs[row] = (minMs[row] as number) + paneStartMs;
    maxMs[row] = (maxMs[row] as number) + (minMs[row] as number);
  }
  return { size, width, keys, counts, minMs, maxMs };
}
