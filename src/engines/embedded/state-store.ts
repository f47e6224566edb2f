import type { EventRules } from "../../events/event.ts";
import type { QueryPlan, WindowSettings } from "../../queries/plan.ts";
import type { PartitionManifest } from "../../sinks/manifest.ts";
import type { WindowRows } from "../../sinks/sink.ts";
import type { EncodedSlot, SlotRewrite } from "../../windows/open-windows.ts";
import type { EncodedIds } from "./counted-ids.ts";

/** What a state belongs to; a state is never continued under anything else. */
export interface Ownership {
  topic: { name: string; id: string };
  queries: readonly QueryPlan[];
  windows: WindowSettings;
  rules: EventRules;
}

/** Final rows that a sink has not confirmed yet. */
export interface OutboxEntry extends WindowRows {
  sink: string;
}

/** Identity of an outbox entry. */
export type OutboxKey = Pick<OutboxEntry, "sink" | "query" | "windowEndMs">;

/** Ids of counted events of a partition, as `--dedupe` remembers them. */
export interface PartitionIds extends EncodedIds {
  partition: number;
}

/** Everything that a commit left behind. */
export interface StoredState {
  ownership: Ownership;
  partitions: PartitionManifest[];
  /** Every window that ends at or before it is final; null before the first. */
  closedThroughMs: number | null;
  windowsClosed: number;
  outbox: OutboxEntry[];
}

/** One step of the engine, all of it or nothing. */
export interface Commit {
  /** All partitions, whole. */
  partitions: readonly PartitionManifest[];
  closedThroughMs: number | null;
  windowsClosed: number;
  /** Events since the commit before. */
  newSlots: readonly EncodedSlot[];
  /** Slots that are stored anew: their parts so far go. `newSlots` has nothing of them. */
  rewrites: readonly SlotRewrite[];
  /** By window group: slots of panes that start at or before it are no longer needed. */
  dropPanesThroughMs: readonly number[];
  /** Of events that counted since the commit before; empty without de-duplication. */
  newIds: readonly PartitionIds[];
  /** By partition, where there may be any: ids that are kept until then or less are no longer needed. */
  dropIdsThroughMs: ReadonlyMap<number, number>;
  newOutbox: readonly OutboxEntry[];
  confirmed: readonly OutboxKey[];
}

/**
 * Where the engine's state lives. One process writes at a time: opening takes a lock that the system releases with the
 * process, and every commit fails when another process has opened the state since.
 */
export interface StateStore {
  /** The state as the last commit left it; undefined before the first. */
  load(): StoredState | undefined;
  /** The parts of all slots, one after the other, in the order in which they were committed; not while committing. */
  slots(): Iterable<EncodedSlot>;
  /** All ids that are remembered, in no particular order; not while committing. */
  countedIds(): Iterable<PartitionIds>;
  /** Starts a new state; only when `load` found none. */
  create(ownership: Ownership, partitions: readonly PartitionManifest[]): void;
  /** Durable when it returns. @throws ClickstreamError STATE_WRITE_FAILED, STATE_TAKEN_OVER */
  commit(commit: Commit): void;
  close(): void;
}
