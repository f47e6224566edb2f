import type { EventColumns } from "../../events/columns.ts";
import type { EncodedSlot } from "../../windows/open-windows.ts";
import type { SlotColumns } from "../../windows/slot.ts";
import { encodeSlot, type TableRows } from "../../windows/slot-codec.ts";
import type { TablePlan } from "../../windows/table-plan.ts";
import { compileGrouper, type EventGrouper } from "../../windows/tuple-compiler.ts";
import { TupleTable } from "../../windows/tuple-table.ts";
import type { SlotIds } from "./slot-ids.ts";

/** What a worker counted since its last flush: the plan's tables, with the slot's number before each key. */
export class PaneTables {
  private readonly plan: TablePlan;
  private readonly tables: readonly TupleTable[];
  private readonly groupers: readonly EventGrouper[];

  constructor(plan: TablePlan) {
    this.plan = plan;
    this.groupers = plan.tables.map(({ fields, times }) => compileGrouper(fields.length + 1, times));
    this.tables = plan.tables.map(({ fields, times }) => new TupleTable(fields.length + 1, times));
  }

  /** Rows in all tables. */
  get size(): number {
    return this.tables.reduce((sum, table) => sum + table.size, 0);
  }

  /** Counts the events that have a slot (≥ 0). */
  add(events: EventColumns, slots: Int32Array): void {
    this.plan.tables.forEach(({ fields }, index) => {
      const columns = [slots, ...fields.map((field) => events.ids[field] as Int32Array)];
      const group = this.groupers[index] as EventGrouper;
      group(this.tables[index] as TupleTable, columns, events.timeMs, events.count);
    });
  }

  /** Everything counted, by slot, and forgets it. */
  take(slotIds: SlotIds, strings: SlotColumns["strings"]): Omit<EncodedSlot, "group">[] {
    const slotCount = slotIds.paneStartsMs.length;
    const bySlot = this.tables.map((table) => rowsBySlot(table, slotCount));
    const encoded = slotIds.paneStartsMs.map((paneStartMs, slot) => {
      const tables = this.tables.map(
        (columns, index): TableRows => ({
          columns,
          keyOffset: 1,
          rows: (bySlot[index] as Int32Array[])[slot] as Int32Array,
        }),
      );
      return {
        paneStartMs,
        firstEndMs: slotIds.firstEndsMs[slot] as number,
        bytes: encodeSlot(this.plan, strings, tables, paneStartMs),
      };
    });
    for (const table of this.tables) table.clear();
    return encoded;
  }
}

/** The rows of each slot: a counting sort on the first id of the key. */
function rowsBySlot({ size, width, keys }: TupleTable, slotCount: number): Int32Array[] {
  const ends = new Int32Array(slotCount + 1);
  for (let row = 0; row < size; row++) {
    const slot = keys[row * width] as number;
    ends[slot + 1] = (ends[slot + 1] as number) + 1;
  }
  for (let slot = 0; slot < slotCount; slot++) {
    ends[slot + 1] = (ends[slot + 1] as number) + (ends[slot] as number);
  }
  const starts = ends.slice(0, slotCount);
  const rows = new Int32Array(size);
  for (let row = 0; row < size; row++) {
    const slot = keys[row * width] as number;
    const at = starts[slot] as number;
    rows[at] = row;
    starts[slot] = at + 1;
  }
  return Array.from({ length: slotCount }, (_, slot) => rows.subarray(ends[slot], ends[slot + 1]));
}
