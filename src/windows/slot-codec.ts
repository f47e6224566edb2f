import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import type { KeyField } from "../events/event.ts";
import { ByteReader, ByteWriter } from "./byte-columns.ts";
import type { SlotColumns, StringTable } from "./slot.ts";
import type { TablePlan } from "./table-plan.ts";
import type { TupleColumns } from "./tuple-table.ts";

/** Version of the encoding; a change of the bytes needs a new one, and a reader for the old. */
export const SLOT_FORMAT = 1;
const CHECKSUM_BYTES = 4;

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
  head.byte(SLOT_FORMAT);
  for (const field of plan.fields) {
    writeStrings(head, strings[field] as StringTable, (ownIds.get(field) as OwnIds).used);
  }
  return sealed(head.finish(), body.finish());
}

/** Whether the bytes are a slot as it was written, by their checksum. Some 1 GB a second. */
export function isIntactSlot(bytes: Uint8Array): boolean {
  const end = bytes.length - CHECKSUM_BYTES;
  if (end <= 0 || bytes[0] !== SLOT_FORMAT) return false;
  const checksum = new DataView(bytes.buffer, bytes.byteOffset + end).getUint32(0, true);
  return crc32(bytes.subarray(0, end)) === checksum;
}

/** The columns of an encoded slot. Crashes on bytes that were damaged or written for another plan. */
export function decodeSlot(plan: TablePlan, encoded: Uint8Array, paneStartMs: number): SlotColumns {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const end = bytes.length - CHECKSUM_BYTES;
  assert(end > 0 && crc32(bytes.subarray(0, end)) === bytes.readUInt32LE(end), "a stored pane is damaged");
  const reader = new ByteReader(bytes.subarray(0, end));
  assert.equal(reader.byte(), SLOT_FORMAT, "a stored pane has an unknown format");
  const strings: Partial<Record<KeyField, StringTable>> = {};
  for (const field of plan.fields) strings[field] = readStrings(reader);
  const tables = plan.tables.map((spec) => readTable(reader, spec.fields.length, spec.times, paneStartMs));
  assert(reader.atEnd, "a stored pane has bytes left over");
  return { strings, tables };
}

/** Both parts and their checksum in memory of their own, so that a thread can give the bytes away. */
function sealed(head: Buffer, body: Buffer): Uint8Array {
  const end = head.length + body.length;
  const bytes = new Uint8Array(end + CHECKSUM_BYTES);
  bytes.set(head);
  bytes.set(body, head.length);
  new DataView(bytes.buffer).setUint32(end, crc32(bytes.subarray(0, end)), true);
  return bytes;
}

/** Renumbers the ids that a slot uses to 0, 1, 2 … by first use. */
class OwnIds {
  readonly used: number[] = [];
  private readonly own: Int32Array;

  constructor(size: number) {
    this.own = new Int32Array(size).fill(-1);
  }

  of(id: number): number {
    let own = this.own[id] as number;
    if (own === -1) {
      own = this.used.length;
      this.own[id] = own;
      this.used.push(id);
    }
    return own;
  }
}

function writeStrings(writer: ByteWriter, table: StringTable, ids: readonly number[]): void {
  writer.count(ids.length);
  writer.column(ids.length, (i) => table.lengthOf(ids[i] as number));
  for (const id of ids) {
    const start = table.startOf(id);
    writer.bytes(table.arena, start, start + table.lengthOf(id));
  }
}

function readStrings(reader: ByteReader): StringTable {
  const size = reader.count();
  const lengths = reader.column(size);
  const starts = new Float64Array(size);
  let total = 0;
  for (let id = 0; id < size; id++) {
    starts[id] = total;
    total += lengths[id] as number;
  }
  return {
    size,
    arena: reader.bytes(total),
    startOf: (id) => starts[id] as number,
    lengthOf: (id) => lengths[id] as number,
  };
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
