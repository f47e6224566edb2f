import type { ByteReader, ByteWriter } from "./byte-columns.ts";
import type { StringTable } from "./slot.ts";

/** Renumbers the ids that a slot uses to 0, 1, 2 … by first use. */
export class OwnIds {
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

/** Appends the strings of these ids. */
export function writeStrings(writer: ByteWriter, table: StringTable, ids: readonly number[]): void {
  writer.count(ids.length);
  writer.column(ids.length, (i) => table.lengthOf(ids[i] as number));
  for (const id of ids) {
    const start = table.startOf(id);
    writer.bytes(table.arena, start, start + table.lengthOf(id));
  }
}

/** Reads back what `writeStrings` wrote; ids are 0, 1, 2 … in its order. */
export function readStrings(reader: ByteReader): StringTable {
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
