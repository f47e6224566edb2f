import type { Commit, Ownership, StateStore, StoredState } from "../engines/embedded/state-store.ts";
import type { PartitionManifest } from "../sinks/manifest.ts";

/** A state in memory, with the meaning of the one on disk: all of a commit or nothing, and what is handed out is a copy. */
export class MemoryState implements StateStore {
  private state: StoredState | undefined;

  load(): StoredState | undefined {
    return structuredClone(this.state);
  }

  create(ownership: Ownership, partitions: readonly PartitionManifest[]): void {
    const state: StoredState = {
      ownership,
      partitions: [...partitions],
      closedThroughMs: null,
      windowsClosed: 0,
      slots: [],
      outbox: [],
    };
    this.state = structuredClone(state);
  }

  commit(commit: Commit): void {
    this.state = applied(this.state as StoredState, structuredClone(commit));
  }

  close(): void {}
}

function applied(state: StoredState, commit: Commit): StoredState {
  const confirmed = new Set(commit.confirmed.map((key) => `${key.sink}/${key.query}/${key.windowEndMs}`));
  return {
    ...state,
    partitions: [...commit.partitions],
    closedThroughMs: commit.closedThroughMs,
    windowsClosed: commit.windowsClosed,
    slots: [...state.slots, ...commit.newSlots].filter(
      ({ paneStartMs }) => paneStartMs > commit.dropPanesThroughMs,
    ),
    outbox: [
      ...state.outbox.filter(
        ({ sink, query, windowEndMs }) => !confirmed.has(`${sink}/${query}/${windowEndMs}`),
      ),
      ...commit.newOutbox,
    ],
  };
}
