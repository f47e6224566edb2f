import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { ClickstreamError } from "../../core/errors.ts";
import type { EventRules } from "../../events/event.ts";
import { Cluster, type TopicDescription } from "../../kafka/cluster.ts";
import { GroupOffsets } from "../../kafka/group-offsets.ts";
import type { KafkaOptions } from "../../kafka/options.ts";
import type { QueryPlan, WindowSettings } from "../../queries/plan.ts";
import type { Manifest } from "../../sinks/manifest.ts";
import type { Sink } from "../../sinks/sink.ts";
import type { WindowEnd } from "../../windows/open-windows.ts";
import type { TopRows } from "../../windows/top-rows.ts";
import { groupByWindows } from "../../windows/window-groups.ts";
import { type CommitReport, Coordinator } from "./coordinator.ts";
import { DeadLetterQueue } from "./dead-letter-queue.ts";
import { checkOwnership, type LogBounds, newPartitions, resumedPartitions } from "./ownership.ts";
import { partitionStarts } from "./partition-ledger.ts";
import { watchForPartitions } from "./partition-watch.ts";
import { PositionMirror } from "./position-mirror.ts";
import { type Assignment, runReassigning } from "./reassignment.ts";
import { SqliteStore } from "./sqlite-store.ts";
import type { Ownership, StoredState } from "./state-store.ts";
import { WorkerHandle } from "./worker-handle.ts";

/** What the embedded engine runs with. */
export interface EmbeddedOptions {
  kafka: KafkaOptions;
  clock: Clock;
  topic: string;
  deadLetterTopic: string;
  queries: readonly QueryPlan[];
  windows: WindowSettings;
  rules: EventRules;
  /** Threads at most; never more than there are partitions. */
  workers: number;
  commitEveryMs: number;
  idleAfterMs: number;
  /** How often to look for partitions that the topic has gained; not in a bounded run. */
  refreshEveryMs: number;
  /** Stop at the ends that the partitions have when the run begins. */
  untilEnd: boolean;
  /** With `untilEnd`: then close every open window. */
  finish: boolean;
  maxStateBytes: number;
  /** Go on behind events that Kafka dropped before they were read, and count them as lost. */
  skipLost: boolean;
  /** Consumer group that shows the committed positions to others; null for none. */
  group: string | null;
  /** Folder of the engine's state. */
  stateFolder: string;
  /** What the output folder says of itself, to refuse one that has lost its state or belongs to another engine. */
  existingManifest: Manifest | undefined;
  /** Called once the state is locked: sinks clear away what another process may be writing. */
  openSinks(ownership: Ownership): Promise<readonly Sink[]>;
  publishManifest(manifest: Manifest): Promise<void>;
  /** Fetching begins. */
  onReading(): void;
  onCommit(report: CommitReport): void;
  /** Kafka did not do what was asked, which is tried again. */
  onRetry(reason: string): void;
  /** Something to know of or to look into: a state that grows, a topic that grows. */
  onWarning(message: string): void;
}

/** One process that reads a topic into windows: worker threads, a coordinator, a state on disk. */
export class EmbeddedEngine {
  private readonly options: EmbeddedOptions;
  private readonly cluster: Cluster;
  private topic: TopicDescription;
  private readonly store: SqliteStore;
  private readonly stored: StoredState;
  private readonly ends: ReadonlyMap<number, number>;
  private readonly sinks: readonly Sink[];
  private workers: WorkerHandle[] = [];
  private coordinator: Coordinator | undefined;
  private readonly deadLetters: DeadLetterQueue;
  private readonly mirror: PositionMirror | undefined;

  private constructor(
    options: EmbeddedOptions,
    cluster: Cluster,
    topic: TopicDescription,
    store: SqliteStore,
    found: { stored: StoredState; ends: ReadonlyMap<number, number>; sinks: readonly Sink[] },
  ) {
    this.options = { ...options, kafka: cluster.kafka };
    this.cluster = cluster;
    this.topic = topic;
    this.store = store;
    this.stored = found.stored;
    this.ends = found.ends;
    this.sinks = found.sinks;
    const { kafka, clock, deadLetterTopic, onRetry } = this.options;
    this.deadLetters = new DeadLetterQueue({
      kafka,
      cluster,
      clock,
      source: { name: topic.name, id: topic.id, partitions: topic.partitions.length },
      topic: deadLetterTopic,
      onRetry,
    });
    this.mirror = openMirror(this.options, topic.name);
  }

  /**
   * Finds the topic and the state, and checks that they belong together.
   * @throws ClickstreamError KAFKA_UNREACHABLE, TOPIC_NOT_FOUND, STATE_LOCKED, STATE_LOST, TOPIC_CHANGED,
   *   SETTINGS_CHANGED, DATA_LOST, OUTPUT_OF_OTHER_ENGINE, and what opening the sinks throws
   */
  static async open(options: EmbeddedOptions): Promise<EmbeddedEngine> {
    const cluster = await Cluster.connect(options.kafka);
    try {
      const topic = await cluster.topic(options.topic);
      if (topic === undefined) throw topicNotFound(options.topic);
      const bounds = {
        earliest: await cluster.offsets(topic, "earliest"),
        latest: await cluster.offsets(topic, "lastStable"),
      };
      const store = new SqliteStore(options.stateFolder);
      try {
        const stored = openState(options, topic, store, bounds);
        const sinks = await options.openSinks(stored.ownership);
        return new EmbeddedEngine(options, cluster, topic, store, { stored, ends: bounds.latest, sinks });
      } catch (error) {
        store.close();
        throw error;
      }
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  /** What earlier runs on the same state left behind. */
  get before(): Pick<StoredState, "partitions" | "closedThroughMs" | "windowsClosed"> {
    return this.stored;
  }

  /** The windows that are open now, in the order of their ends; none before `run`. */
  openEnds(): WindowEnd[] {
    return this.coordinator?.openEnds() ?? [];
  }

  /** What an open window has most of now, by query. About the work of closing it, on this thread. */
  lookAt(window: WindowEnd, limit: number): ReadonlyMap<string, TopRows> {
    return this.coordinator?.lookAt(window, limit) ?? new Map();
  }

  /** For each worker, the share of the time since the call before in which it was at work. */
  busyShares(): number[] {
    return this.workers.map((worker) => worker.busyShare());
  }

  /**
   * Runs until the signal aborts or, in a bounded run, until all is read.
   * @throws ClickstreamError when something outside fails for good; all that was committed stays
   */
  async run(signal: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const stop = AbortSignal.any([signal, failed.signal]);
    let failure: Error | undefined;
    const fail = (error: Error): void => {
      failure ??= error;
      failed.abort();
    };
    const { store, stored } = this;
    try {
      await runReassigning(
        {
          store,
          stored,
          assign: (from) => this.assign(from, stop, fail),
          gained: (_, ended) => this.gained(ended),
        },
        stop,
      );
    } catch (error) {
      throw failure ?? error;
    }
    if (failure !== undefined) throw failure;
  }

  /** Ends threads and connections and lets go of the state. */
  async close(): Promise<void> {
    await Promise.all([...this.workers, this.mirror].map((part) => part?.close()));
    await this.deadLetters.close();
    this.store.close();
    await this.cluster.close();
  }

  private assign(stored: StoredState, stop: AbortSignal, fail: (error: Error) => void): Assignment {
    const { options } = this;
    const coordinator = new Coordinator({
      clock: options.clock,
      commitEveryMs: options.commitEveryMs,
      finish: options.untilEnd && options.finish,
      maxStateBytes: options.maxStateBytes,
      store: this.store,
      stored,
      sinks: this.sinks,
      sendDeadLetters: (letters) => this.deadLetters.send(letters, stop),
      publishManifest: options.publishManifest,
      onCommit: (report) => {
        this.mirror?.show(report.ledger.positions);
        options.onCommit(report);
      },
      onStateLarge: (bytes) =>
        options.onWarning(
          `open windows take ${Math.round(bytes / 1e6)} MB, more than half of --max-state-mb: does a partition stand still?`,
        ),
    });
    this.coordinator = coordinator;
    this.startWorkers(stored, {
      reading: () => options.onReading(),
      attention: () => coordinator.attention(),
      retry: (message) => options.onRetry(message),
      failed: (error) => {
        fail(error);
        coordinator.attention();
      },
    });
    return { coordinator, workers: this.workers };
  }

  private async gained(ended: AbortSignal): Promise<ReadonlyMap<number, number> | undefined> {
    const { cluster, topic, options } = this;
    if (options.untilEnd) return undefined;
    const { clock, refreshEveryMs: everyMs, onWarning } = options;
    const grown = await watchForPartitions({ cluster, clock, everyMs, topic }, ended);
    if (grown === undefined) return undefined;
    this.topic = grown.topic;
    onWarning(
      `topic ${topic.name} has ${grown.topic.partitions.length} partitions now, it had ${topic.partitions.length}`,
    );
    return grown.earliest;
  }

  private startWorkers(stored: StoredState, listener: ConstructorParameters<typeof WorkerHandle>[1]): void {
    const { kafka, queries, rules, windows, untilEnd, idleAfterMs } = this.options;
    const starts = partitionStarts(stored, this.store, (partition) =>
      untilEnd ? (this.ends.get(partition) ?? 0) : null,
    );
    const groups = groupByWindows(queries, windows);
    const count = Math.min(this.options.workers, starts.length);
    this.workers = [];
    for (let w = 0; w < count; w++) {
      const setup = {
        kafka,
        topic: this.topic,
        groups,
        rules,
        windows,
        idleAfterMs: untilEnd ? Number.POSITIVE_INFINITY : idleAfterMs,
        partitions: starts.filter((_, index) => index % count === w),
      };
      this.workers.push(new WorkerHandle(setup, listener));
    }
  }
}

function openMirror(
  { kafka, clock, group, onWarning }: EmbeddedOptions,
  topic: string,
): PositionMirror | undefined {
  if (group === null) return undefined;
  return new PositionMirror({
    clock,
    target: new GroupOffsets({ kafka, clock, group, topic, onRetry: () => {} }),
    onFailure: (reason) =>
      onWarning(`positions can't be shown in consumer group ${group}; nothing else is affected: ${reason}`),
  });
}

/** Where the engine's state lives below an output folder. */
export function stateFolderOf(output: string): string {
  return join(output, "checkpoints", "embedded");
}

function openState(
  options: EmbeddedOptions,
  topic: TopicDescription,
  store: SqliteStore,
  bounds: LogBounds,
): StoredState {
  const { queries, windows, rules, existingManifest } = options;
  const ownership: Ownership = { topic: { name: topic.name, id: topic.id }, queries, windows, rules };
  if (existingManifest !== undefined && existingManifest.engine !== "embedded") {
    throw new ClickstreamError({
      code: "OUTPUT_OF_OTHER_ENGINE",
      message: `This output was written by the ${existingManifest.engine} engine.`,
      nextStep: "Use another --output: a tree belongs to one engine.",
    });
  }
  const stored = store.load();
  if (stored !== undefined) {
    checkOwnership(stored.ownership, ownership);
    return { ...stored, partitions: resumedPartitions(stored, bounds, options.skipLost) };
  }
  if (existingManifest !== undefined) {
    throw new ClickstreamError({
      code: "STATE_LOST",
      message: "This output has results but the state that they were written from is gone.",
      nextStep: `Restore ${options.stateFolder}, use another --output, or start over with --fresh.`,
    });
  }
  const partitions = newPartitions(bounds);
  store.create(ownership, partitions);
  return { ownership, partitions, closedThroughMs: null, windowsClosed: 0, outbox: [] };
}

function topicNotFound(topic: string): ClickstreamError {
  return new ClickstreamError({
    code: "TOPIC_NOT_FOUND",
    message: `Kafka has no topic ${topic}.`,
    nextStep: "Check --topic, or create it: clickstream generate makes one with events in it.",
  });
}
