import type { PipelineSettings } from "../app/config.ts";
import { Coordinator } from "../engines/embedded/coordinator.ts";
import type { DeadLetter } from "../engines/embedded/flush.ts";
import { newPartitions, resumedPartitions } from "../engines/embedded/ownership.ts";
import { partitionStarts } from "../engines/embedded/partition-ledger.ts";
import type { Ownership, StoredState } from "../engines/embedded/state-store.ts";
import { groupByWindows } from "../windows/window-groups.ts";
import type { ManualClock } from "./manual-clock.ts";
import type { MemorySink } from "./memory-sink.ts";
import type { MemoryState } from "./memory-state.ts";
import type { MemoryTopic } from "./memory-topic.ts";
import { MemoryWorker } from "./memory-worker.ts";

/** What outlives a process: the topic, the state, the results, the dead letters. And the time. */
export interface Surroundings {
  readonly clock: ManualClock;
  readonly topic: MemoryTopic;
  readonly state: MemoryState;
  readonly sink: MemorySink;
  /** By `partition/offset`. */
  readonly deadLetters: Map<string, DeadLetter>;
}

/** What the engine runs with, as a config says it. */
export type EngineSettings = Pick<
  PipelineSettings,
  "queries" | "windows" | "rules" | "commitEveryMs" | "idleAfterMs"
>;

const TOPIC = { name: "clickstream", id: "00000000-0000-4000-8000-000000000000" };

/** The engine's coordinator and a worker at work, from a start to a stop. */
export class MemoryRun {
  /** Rejects when the engine breaks. */
  readonly ended: Promise<void>;
  private readonly stopping = new AbortController();

  /** `bounded` reads to the end of the topic, closes every window and ends. */
  constructor(around: Surroundings, settings: EngineSettings, { bounded }: { bounded: boolean }) {
    const { clock, topic, state, sink, deadLetters } = around;
    const { queries, windows, rules, commitEveryMs, idleAfterMs } = settings;
    const stored = openState(around, { topic: TOPIC, queries, windows, rules });
    const worker = new MemoryWorker(topic, {
      groups: groupByWindows(queries, windows),
      rules,
      windows,
      idleAfterMs: bounded ? Number.POSITIVE_INFINITY : idleAfterMs,
      clock,
      partitions: partitionStarts(stored, state, (partition) => (bounded ? topic.end(partition) : null)),
    });
    const coordinator = new Coordinator({
      clock,
      commitEveryMs,
      finish: bounded,
      maxStateBytes: Number.POSITIVE_INFINITY,
      store: state,
      stored,
      sinks: [sink],
      sendDeadLetters: async (letters) => {
        for (const letter of letters) deadLetters.set(`${letter.partition}/${letter.offset}`, letter);
      },
      publishManifest: async () => {},
      onCommit: () => {},
      onStateLarge: () => {},
    });
    this.ended = coordinator.run([worker], this.stopping.signal);
    this.ended.catch(() => {}); // told by `settled` and `stop`
  }

  /** Ends after a last, confirming commit. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.ended;
  }
}

function openState({ topic, state }: Surroundings, ownership: Ownership): StoredState {
  const numbers = Array.from({ length: topic.partitionCount }, (_, partition) => partition);
  const bounds = {
    earliest: new Map(numbers.map((partition) => [partition, 0])),
    latest: new Map(numbers.map((partition) => [partition, topic.end(partition)])),
  };
  const stored = state.load();
  if (stored !== undefined) return { ...stored, partitions: resumedPartitions(stored, bounds, false) };
  const partitions = newPartitions(bounds);
  state.create(ownership, partitions);
  return { ownership, partitions, closedThroughMs: null, windowsClosed: 0, outbox: [] };
}
