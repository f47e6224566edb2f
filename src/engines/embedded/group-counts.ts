import type { EventColumns } from "../../events/columns.ts";
import type { EncodedSlot } from "../../windows/open-windows.ts";
import type { SlotColumns } from "../../windows/slot.ts";
import type { WindowGroup } from "../../windows/window-groups.ts";
import { PaneTables } from "./pane-tables.ts";
import { SlotIds } from "./slot-ids.ts";

/** What a worker counted since its last flush for the queries of one window setting. */
export class GroupCounts {
  /** By event of the last batch: its slot, negative when none of the group's windows counts it. */
  slots = new Int32Array(0);
  private readonly group: number;
  private readonly slotIds: SlotIds;
  private readonly tables: PaneTables;

  constructor({ windows, plan }: WindowGroup, group: number) {
    this.group = group;
    this.slotIds = new SlotIds(windows);
    this.tables = new PaneTables(plan);
  }

  /** Rows in all tables. */
  get rowCount(): number {
    return this.tables.size;
  }

  /** Slots that have events. */
  get slotCount(): number {
    return this.slotIds.size;
  }

  /** Counts a batch's events under the watermarks that they met. */
  add(events: EventColumns, watermarksMs: Float64Array): void {
    if (this.slots.length < events.count) this.slots = new Int32Array(events.count * 2);
    this.slotIds.assign(events.timeMs, watermarksMs, events.count, this.slots);
    this.tables.add(events, this.slots);
  }

  /** Everything counted, and forgets it. */
  take(strings: SlotColumns["strings"]): EncodedSlot[] {
    const slots = this.tables.take(this.slotIds, strings).map((slot) => ({ group: this.group, ...slot }));
    this.slotIds.clear();
    return slots;
  }
}
