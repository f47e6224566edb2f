import type { Coordinator } from "./coordinator.ts";
import type { EngineWorker } from "./flush.ts";
import { withNewPartitions } from "./ownership.ts";
import type { StateStore, StoredState } from "./state-store.ts";

/** A coordinator that goes on from a state, and the workers that have its partitions. */
export interface Assignment {
  coordinator: Coordinator;
  workers: readonly EngineWorker[];
}

/** What a run over a growing topic needs. */
export interface ReassignmentOptions {
  store: StateStore;
  stored: StoredState;
  assign(stored: StoredState): Assignment;
  /**
   * Resolves with the first offsets of all partitions once the topic has some that the state has not; with undefined when
   * the signal aborts.
   */
  gained(stored: StoredState, signal: AbortSignal): Promise<ReadonlyMap<number, number> | undefined>;
}

/**
 * Runs a coordinator to its end. When the topic gains partitions, the run ends in order, and a new one goes on from its
 * last commit with all partitions: the same as stopping the program and starting it again, which is why it is right.
 */
export async function runReassigning(options: ReassignmentOptions, signal: AbortSignal): Promise<void> {
  let { stored } = options;
  while (true) {
    const { coordinator, workers } = options.assign(stored);
    const ended = new AbortController();
    const grown = new AbortController();
    const watching = options.gained(stored, ended.signal).then((earliest) => {
      if (earliest === undefined) return undefined;
      grown.abort();
      return earliest;
    });
    try {
      await coordinator.run(workers, AbortSignal.any([signal, grown.signal]));
    } finally {
      ended.abort();
    }
    const earliest = await watching;
    if (signal.aborted || earliest === undefined) return;
    await Promise.all(workers.map((worker) => worker.close()));
    const committed = options.store.load() ?? stored;
    stored = {
      ...committed,
      partitions: withNewPartitions(committed.partitions, committed.closedThroughMs, earliest),
    };
  }
}
