import type {
  Commit,
  Ownership,
  PartitionIds,
  StateStore,
  StoredState,
} from "../engines/embedded/state-store.ts";
import type { PartitionManifest } from "../sinks/manifest.ts";
import type { EncodedSlot, SlotKey } from "../windows/open-windows.ts";

/** A state in memory, with the meaning of the one on disk: all of a commit or nothing, and what is handed out is a copy. */
export class MemoryState implements StateStore {
  private state: StoredState | undefined;
  private parts: readonly EncodedSlot[] = [];
  private ids: readonly PartitionIds[] = [];

  load(): StoredState | undefined {
    return structuredClone(this.state);
  }

  slots(): EncodedSlot[] {
    return structuredClone([...this.parts]);
  }

  countedIds(): PartitionIds[] {
    return structuredClone([...this.ids]);
  }

  create(ownership: Ownership, partitions: readonly PartitionManifest[]): void {
    const state: StoredState = {
      ownership,
      partitions: [...partitions],
      closedThroughMs: null,
      windowsClosed: 0,
      outbox: [],
    };
    this.state = structuredClone(state);
  }

  commit(commit: Commit): void {
    const state = stateAfter(this.state as StoredState, commit);
    this.parts = partsAfter(this.parts, commit);
    this.ids = [...this.ids, ...structuredClone([...commit.newIds])].filter(
      ({ partition, untilMs }) =>
        untilMs > (commit.dropIdsThroughMs.get(partition) ?? Number.NEGATIVE_INFINITY),
    );
    this.state = state;
  }

  close(): void {}
}

function stateAfter(state: StoredState, commit: Commit): StoredState {
  const { partitions, closedThroughMs, windowsClosed, newOutbox } = commit;
  const confirmed = new Set(commit.confirmed.map((key) => `${key.sink}/${key.query}/${key.windowEndMs}`));
  const unconfirmed = state.outbox.filter(
    ({ sink, query, windowEndMs }) => !confirmed.has(`${sink}/${query}/${windowEndMs}`),
  );
  return {
    ownership: state.ownership,
    ...structuredClone({ partitions: [...partitions], closedThroughMs, windowsClosed }),
    outbox: [...unconfirmed, ...structuredClone([...newOutbox])],
  };
}

function partsAfter(parts: readonly EncodedSlot[], commit: Commit): EncodedSlot[] {
  const { newSlots, rewrites, dropPanesThroughMs } = commit;
  const rewritten = new Set(rewrites.map(nameOf));
  return [
    ...parts.filter((part) => !rewritten.has(nameOf(part))),
    ...structuredClone([...newSlots]),
    ...rewrites.flatMap(({ parts: whole, ...key }) =>
      [...whole].map((bytes) => ({ ...key, bytes: Uint8Array.from(bytes) })),
    ),
  ].filter(({ group, paneStartMs }) => paneStartMs > (dropPanesThroughMs[group] ?? Number.NEGATIVE_INFINITY));
}

function nameOf({ group, paneStartMs, firstEndMs }: SlotKey): string {
  return `${group}/${paneStartMs}/${firstEndMs}`;
}
