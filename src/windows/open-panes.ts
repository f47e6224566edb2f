import { RollUp } from "./roll-up.ts";
import { type EncodedRows, encodeRows } from "./rows.ts";
import { Slot } from "./slot.ts";
import { decodeSlot } from "./slot-codec.ts";
import { SlotParts } from "./slot-parts.ts";
import { encodeInPieces } from "./slot-pieces.ts";
import { type TopRows, topRows } from "./top-rows.ts";
import type { WindowGroup } from "./window-groups.ts";

/** A slot as it is in memory, and what the state holds of it. */
interface OpenSlot {
  readonly paneStartMs: number;
  readonly firstEndMs: number;
  readonly slot: Slot;
  readonly parts: SlotParts;
}

/** The panes of one window setting that some open window still reads, merged. */
export class OpenPanes {
  private readonly group: WindowGroup;
  /** Pane start → first window end → events. */
  private readonly panes = new Map<number, Map<number, OpenSlot>>();

  constructor(group: WindowGroup) {
    this.group = group;
  }

  /** Adds a part of a slot, in the encoding of `slot-codec.ts`. */
  add(paneStartMs: number, firstEndMs: number, bytes: Uint8Array): void {
    const { plan } = this.group;
    let slots = this.panes.get(paneStartMs);
    if (slots === undefined) {
      slots = new Map();
      this.panes.set(paneStartMs, slots);
    }
    let open = slots.get(firstEndMs);
    if (open === undefined) {
      open = { paneStartMs, firstEndMs, slot: new Slot(plan), parts: new SlotParts() };
      slots.set(firstEndMs, open);
    }
    open.slot.merge(decodeSlot(plan, bytes, paneStartMs));
    open.parts.add(bytes.length);
  }

  /** Ends of the open windows after `afterMs` up to `throughMs`, ascending. Walks the panes that exist. */
  ends(afterMs: number, throughMs: number): number[] {
    const { sizeMs, slideMs } = this.group.windows;
    const counting = [...this.panes].map(([paneStartMs, slots]) => ({
      firstMs: Math.min(...slots.keys()),
      lastMs: Math.min(paneStartMs + sizeMs, throughMs),
    }));
    counting.sort((a, b) => a.firstMs - b.firstMs);
    const ends: number[] = [];
    let nextMs = Math.floor(afterMs / slideMs) * slideMs + slideMs;
    for (const { firstMs, lastMs } of counting) {
      for (nextMs = Math.max(nextMs, firstMs); nextMs <= lastMs; nextMs += slideMs) ends.push(nextMs);
    }
    return ends;
  }

  /** Final rows of every query for the window that ends at `windowEndMs`. */
  rows(windowEndMs: number): Map<string, EncodedRows> {
    const { plan, queries, windows } = this.group;
    const windowStartMs = windowEndMs - windows.sizeMs;
    const window = this.merged(windowStartMs, windowEndMs);
    const rollUp = new RollUp(plan, window);
    const rows = new Map<string, EncodedRows>();
    for (const query of queries) {
      rows.set(
        query.name,
        encodeRows(query, rollUp.query(query), window.strings, windowStartMs, windowEndMs),
      );
    }
    return rows;
  }

  /** The rows of each query that the open window has most of now. */
  topRows(windowEndMs: number, limit: number): Map<string, TopRows> {
    const { plan, queries, windows } = this.group;
    const stretch = { startMs: windowEndMs - windows.sizeMs, endMs: windowEndMs, limit };
    const window = this.merged(stretch.startMs, windowEndMs);
    const rollUp = new RollUp(plan, window);
    return new Map(
      queries.map((query) => [query.name, topRows(query, rollUp.query(query), window.strings, stretch)]),
    );
  }

  /** Panes that exist. */
  get size(): number {
    return this.panes.size;
  }

  /** Forgets the panes whose last window ended by `closedThroughMs`. */
  drop(closedThroughMs: number): void {
    for (const paneStartMs of this.panes.keys()) {
      if (paneStartMs + this.group.windows.sizeMs <= closedThroughMs) this.panes.delete(paneStartMs);
    }
  }

  /** End of the last open window, −∞ when none is open. */
  get lastEndMs(): number {
    return Math.max(...this.panes.keys()) + this.group.windows.sizeMs;
  }

  /** Bytes held. */
  get byteLength(): number {
    let total = 0;
    for (const { slot } of this.slots()) total += slot.byteLength;
    return total;
  }

  /** The slot that the state holds in the most parts, of those that should be rewritten; undefined when there is none. */
  mostFragmented(leastParts: number): OpenSlot | undefined {
    let most: OpenSlot | undefined;
    for (const open of this.slots()) {
      if (open.parts.areTooMany(leastParts) && open.parts.count > (most?.parts.count ?? 0)) most = open;
    }
    return most;
  }

  /** The whole slot in few parts, which from now on are all that the state holds of it. */
  *rewrite({ paneStartMs, slot, parts }: OpenSlot): Generator<Uint8Array> {
    parts.clear();
    for (const bytes of encodeInPieces(this.group.plan, slot, paneStartMs)) {
      parts.addWhole(bytes.length);
      yield bytes;
    }
  }

  /** What the window counts. A tumbling window has one slot: merging a day's events once more would double them. */
  private merged(windowStartMs: number, windowEndMs: number): Slot {
    const counted: Slot[] = [];
    for (let paneMs = windowStartMs; paneMs < windowEndMs; paneMs += this.group.windows.slideMs) {
      for (const [firstEndMs, { slot }] of this.panes.get(paneMs) ?? []) {
        if (firstEndMs <= windowEndMs) counted.push(slot);
      }
    }
    if (counted.length === 1) return counted[0] as Slot;
    const window = new Slot(this.group.plan);
    for (const slot of counted) window.merge(slot);
    return window;
  }

  private *slots(): Generator<OpenSlot> {
    for (const slots of this.panes.values()) yield* slots.values();
  }
}
