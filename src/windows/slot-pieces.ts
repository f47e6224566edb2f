import type { Slot, StringTable } from "./slot.ts";
import { encodeSlot, type TableRows } from "./slot-codec.ts";
import type { TablePlan, TableSpec } from "./table-plan.ts";

/** Far below what the state takes in one piece, 1 GB, and little beside what a slot of that size takes in memory. */
const PIECE_BYTES = 32 << 20;
/** More than the numbers of a row take, however wide. */
const ROW_BYTES = 64;

/** A slot as encoded slots of bounded size that together hold its events. */
export function* encodeInPieces(
  plan: TablePlan,
  slot: Slot,
  paneStartMs: number,
  pieceBytes = PIECE_BYTES,
): Generator<Uint8Array> {
  const from = slot.tables.map(() => 0);
  const to = slot.tables.map(() => 0);
  let bytes = 0;
  const piece = (): Uint8Array => {
    const tables = slot.tables.map(
      (columns, index): TableRows => ({
        columns,
        keyOffset: 0,
        rows: range(from[index] as number, to[index] as number),
      }),
    );
    to.forEach((end, index) => {
      from[index] = end;
    });
    bytes = 0;
    return encodeSlot(plan, slot.strings, tables, paneStartMs);
  };
  for (const [index, table] of slot.tables.entries()) {
    const strings = (plan.tables[index] as TableSpec).fields.map(
      (field) => slot.strings[field] as StringTable,
    );
    for (let row = 0; row < table.size; row++) {
      bytes += rowBytes(table.keys, row * table.width, strings);
      to[index] = row + 1;
      if (bytes >= pieceBytes) yield piece();
    }
  }
  if (bytes > 0) yield piece();
}

/** At most what a row takes, as if each of its strings were in it alone. */
function rowBytes(keys: Int32Array, at: number, strings: readonly StringTable[]): number {
  let bytes = ROW_BYTES;
  for (let k = 0; k < strings.length; k++) {
    bytes += (strings[k] as StringTable).lengthOf(keys[at + k] as number);
  }
  return bytes;
}

function range(from: number, to: number): Int32Array {
  const rows = new Int32Array(to - from);
  for (let row = from; row < to; row++) rows[row - from] = row;
  return rows;
}
