import assert from "node:assert/strict";
import type { QueryPlan, WindowSettings } from "../queries/plan.ts";
import { RollUp } from "./roll-up.ts";
import { type EncodedRows, encodeRows } from "./rows.ts";
import { Slot } from "./slot.ts";
import { decodeSlot } from "./slot-codec.ts";
import type { TablePlan } from "./table-plan.ts";
import { type TopRows, topRows } from "./top-rows.ts";

/** Events of one pane that the same windows count: those that end at `firstEndMs` or later. */
export interface EncodedSlot {
  readonly paneStartMs: number;
  readonly firstEndMs: number;
  /** In the encoding of `slot-codec.ts`. */
  readonly bytes: Uint8Array;
}

/** All panes that some open window still reads, merged. */
export class OpenWindows {
  private readonly plan: TablePlan;
  private readonly queries: readonly QueryPlan[];
  private readonly windows: WindowSettings;
  /** Pane start → first window end → events. */
  private readonly panes = new Map<number, Map<number, Slot>>();

  constructor(plan: TablePlan, queries: readonly QueryPlan[], windows: WindowSettings) {
    this.plan = plan;
    this.queries = queries;
    this.windows = windows;
  }

  /** Adds events that no closed window may count. */
  add({ paneStartMs, firstEndMs, bytes }: EncodedSlot): void {
    let slots = this.panes.get(paneStartMs);
    if (slots === undefined) {
      slots = new Map();
      this.panes.set(paneStartMs, slots);
    }
    let slot = slots.get(firstEndMs);
    if (slot === undefined) {
      slot = new Slot(this.plan);
      slots.set(firstEndMs, slot);
    }
    slot.merge(decodeSlot(this.plan, bytes, paneStartMs));
  }

  /** Ends of the open windows after `afterMs` up to `throughMs`, ascending. Walks the panes that exist. */
  ends(afterMs: number, throughMs: number): number[] {
    const ends = new Set<number>();
    for (const [paneStartMs, slots] of this.panes) {
      const lastMs = Math.min(paneStartMs + this.windows.sizeMs, throughMs);
      for (const firstEndMs of slots.keys()) {
        for (let endMs = firstEndMs; endMs <= lastMs; endMs += this.windows.slideMs) {
          if (endMs > afterMs) ends.add(endMs);
        }
      }
    }
    return [...ends].sort((a, b) => a - b);
  }

  /** Final rows of every query for the window that ends at `windowEndMs`. */
  rows(windowEndMs: number): Map<string, EncodedRows> {
    const windowStartMs = windowEndMs - this.windows.sizeMs;
    const window = this.merged(windowEndMs);
    const rollUp = new RollUp(this.plan, window);
    const rows = new Map<string, EncodedRows>();
    for (const query of this.queries) {
      rows.set(
        query.name,
        encodeRows(query, rollUp.query(query), window.strings, windowStartMs, windowEndMs),
      );
    }
    return rows;
  }

  /** The rows of every query that the open window has most of now. Costs about what closing the window costs. */
  topRows(windowEndMs: number, limit: number): Map<string, TopRows> {
    const stretch = { startMs: windowEndMs - this.windows.sizeMs, endMs: windowEndMs, limit };
    const window = this.merged(windowEndMs);
    const rollUp = new RollUp(this.plan, window);
    return new Map(
      this.queries.map((query) => [query.name, topRows(query, rollUp.query(query), window.strings, stretch)]),
    );
  }

  /** Forgets the panes whose last window ended by `closedThroughMs`. */
  drop(closedThroughMs: number): void {
    for (const paneStartMs of this.panes.keys()) {
      if (paneStartMs + this.windows.sizeMs <= closedThroughMs) this.panes.delete(paneStartMs);
    }
  }

  /** End of the last open window, −∞ when none is open. */
  get lastEndMs(): number {
    let lastMs = Number.NEGATIVE_INFINITY;
    for (const paneStartMs of this.panes.keys()) {
      lastMs = Math.max(lastMs, paneStartMs + this.windows.sizeMs);
    }
    return lastMs;
  }

  /** Panes that exist. */
  get paneCount(): number {
    return this.panes.size;
  }

  /** Bytes held by all panes. */
  get byteLength(): number {
    let total = 0;
    for (const slots of this.panes.values()) for (const slot of slots.values()) total += slot.byteLength;
    return total;
  }

  private merged(windowEndMs: number): Slot {
    const window = new Slot(this.plan);
    const { sizeMs, slideMs } = this.windows;
    for (let paneMs = windowEndMs - sizeMs; paneMs < windowEndMs; paneMs += slideMs) {
      for (const [firstEndMs, slot] of this.panes.get(paneMs) ?? []) {
        if (firstEndMs <= windowEndMs) window.merge(slot);
      }
    }
    return window;
  }

  /** Crashes when a slot could still change a window that has closed. */
  assertOpen({ firstEndMs }: EncodedSlot, closedThroughMs: number): void {
    assert(firstEndMs > closedThroughMs, `events arrived for a closed window that ends at ${firstEndMs}`);
  }
}
