import assert from "node:assert/strict";
import { OpenPanes } from "./open-panes.ts";
import { paneStart } from "./panes.ts";
import type { EncodedRows } from "./rows.ts";
import { OpenSessions } from "./sessions/open-sessions.ts";
import type { TopRows } from "./top-rows.ts";
import type { WindowGroup } from "./window-groups.ts";

/** Names a slot: events of one pane that the same windows count, those that end at `firstEndMs` or later. */
export interface SlotKey {
  /** Place of its window group in the pipeline. */
  readonly group: number;
  readonly paneStartMs: number;
  readonly firstEndMs: number;
}

/** Events of a slot: all, or those of one commit. */
export interface EncodedSlot extends SlotKey {
  /** In the encoding of `slot-codec.ts`. */
  readonly bytes: Uint8Array;
}

/** A slot with all its events in few parts, which are made as they are asked for. */
export interface SlotRewrite extends SlotKey {
  readonly parts: Iterable<Uint8Array>;
}

/** One window of the queries of a group. */
export interface WindowEnd {
  readonly group: number;
  readonly endMs: number;
}

/** The final rows of one query in one window. */
export interface QueryRows extends EncodedRows {
  readonly query: string;
  readonly windowStartMs: number;
  readonly windowEndMs: number;
}

type FragmentedSlot = NonNullable<ReturnType<OpenPanes["mostFragmented"]>>;

/** Everything that open windows hold, of all groups. */
export class OpenWindows {
  private readonly groups: readonly WindowGroup[];
  private readonly panes: readonly (OpenPanes | OpenSessions)[];

  constructor(groups: readonly WindowGroup[]) {
    this.groups = groups;
    this.panes = groups.map((group) =>
      group.sessions === undefined ? new OpenPanes(group) : new OpenSessions(group),
    );
  }

  /** Adds events that no closed window may count. */
  add({ group, paneStartMs, firstEndMs, bytes }: EncodedSlot): void {
    const panes = this.of(group);
    if (panes instanceof OpenPanes) panes.add(paneStartMs, firstEndMs, bytes);
    else panes.add(paneStartMs, bytes);
  }

  /** Open windows that end after `afterMs` and by `throughMs`, in the order of their ends. */
  ends(afterMs: number, throughMs: number): WindowEnd[] {
    return this.panes
      .flatMap((panes, group) => panes.ends(afterMs, throughMs).map((endMs) => ({ group, endMs })))
      .sort((a, b) => a.endMs - b.endMs);
  }

  /** The last time up to `timeMs` at which a window of some query ends, whether anything counts in it or not. */
  lastEndBy(timeMs: number): number {
    return Math.max(...this.groups.map(({ windows }) => paneStart(timeMs, windows.slideMs)));
  }

  /** Windows that can be looked at while they are open: those of `ends` that are not of whole sessions. */
  viewableEnds(afterMs: number): WindowEnd[] {
    const ends = this.ends(afterMs, Number.POSITIVE_INFINITY);
    return ends.filter(({ group }) => this.of(group) instanceof OpenPanes);
  }

  /**
   * Closes a window: final rows of every query that has it. Of whole sessions there may be none. Windows must be closed in
   * the order of `ends`.
   */
  close({ group, endMs }: WindowEnd): QueryRows[] {
    const panes = this.of(group);
    if (panes instanceof OpenSessions)
      return panes.close(endMs).map((rows) => ({ ...rows, windowEndMs: endMs }));
    const windowStartMs = endMs - (this.groups[group] as WindowGroup).windows.sizeMs;
    return [...panes.rows(endMs)].map(([query, rows]) => ({
      query,
      windowStartMs,
      windowEndMs: endMs,
      ...rows,
    }));
  }

  /** The rows of each of its queries that the open window has most of now. Costs about what closing the window costs. */
  topRows({ group, endMs }: WindowEnd, limit: number): Map<string, TopRows> {
    const panes = this.of(group);
    return panes instanceof OpenPanes ? panes.topRows(endMs, limit) : new Map();
  }

  /** Forgets the panes whose last window ended by `closedThroughMs`. */
  drop(closedThroughMs: number): void {
    for (const panes of this.panes) panes.drop(closedThroughMs);
  }

  /** By group: panes that start at or before it are in no window that ends after `closedThroughMs`. */
  droppedThroughMs(closedThroughMs: number): number[] {
    return this.groups.map(({ windows }) => closedThroughMs - windows.sizeMs);
  }

  /**
   * The slots that must be stored anew: of sessions all that have closed since the call before, else the one that most needs
   * it because the state holds it in too many parts, at least `leastParts`. At most one a commit, so that a commit does not
   * wait for all of them.
   */
  takeRewrites(leastParts: number): SlotRewrite[] {
    const closed: SlotRewrite[] = [];
    const fragmented: { group: number; panes: OpenPanes; slot: FragmentedSlot }[] = [];
    for (const [group, panes] of this.panes.entries()) {
      if (panes instanceof OpenSessions) {
        closed.push(...panes.takeRewrites().map((rewrite) => ({ group, ...rewrite })));
        continue;
      }
      const slot = panes.mostFragmented(leastParts);
      if (slot !== undefined) fragmented.push({ group, panes, slot });
    }
    fragmented.sort((a, b) => b.slot.parts.count - a.slot.parts.count);
    const most = fragmented.slice(0, 1).map(({ group, panes, slot }) => {
      const { paneStartMs, firstEndMs } = slot;
      return { group, paneStartMs, firstEndMs, parts: panes.rewrite(slot) };
    });
    return [...closed, ...most];
  }

  /** End of the last open window, −∞ when none is open. */
  get lastEndMs(): number {
    return Math.max(...this.panes.map(({ lastEndMs }) => lastEndMs));
  }

  /** Panes that exist. */
  get paneCount(): number {
    return this.panes.reduce((total, { size }) => total + size, 0);
  }

  /** Bytes held by all panes. */
  get byteLength(): number {
    return this.panes.reduce((total, { byteLength }) => total + byteLength, 0);
  }

  /** Crashes when a slot could still change a window that has closed. */
  assertOpen({ firstEndMs }: SlotKey, closedThroughMs: number): void {
    assert(firstEndMs > closedThroughMs, `events arrived for a closed window that ends at ${firstEndMs}`);
  }

  private of(group: number): OpenPanes | OpenSessions {
    const panes = this.panes[group];
    assert(panes !== undefined, `no window group ${group}`);
    return panes;
  }
}
