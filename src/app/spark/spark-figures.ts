import type { Clock } from "../../core/clock.ts";
import { DEAD_LETTERS } from "../../engines/spark/compile/compile-job.ts";
import { type DriverFigures, driverFigures } from "../../engines/spark/driver-figures.ts";
import type { SparkProgress } from "../../engines/spark/spark-engine.ts";
import {
  closedThroughMs,
  droppedRows,
  positionsOf,
  recordsRead,
  windowCounts,
} from "../../engines/spark/spark-report.ts";
import { Cluster } from "../../kafka/cluster.ts";
import type { KafkaOptions } from "../../kafka/options.ts";
import type { CommitTiming, EngineFigures, EngineInspection } from "../parts.ts";
import type { EngineSnapshot, SparkSnapshot } from "../progress/snapshot.ts";

const LOOK_EVERY_MS = 2_000;
const LOOK_WITHIN_MS = 1_000;
const SHOWN_BATCHES = 5;

/** The figures of a run under Spark: from the queries' reports, the driver's page and the ends of the topic. */
export class SparkFigures {
  readonly #clock: Clock;
  readonly #kafka: KafkaOptions;
  readonly #topic: string;
  readonly #page: string | null;
  readonly #closing = new AbortController();
  readonly #looking: Promise<void>;
  readonly #readBefore: number;
  readonly #startedMs: number;
  readonly #batchMs: number[] = [];
  #progress: SparkProgress;
  #lastBatchMs: number;
  #committedAtMs: number | null = null;
  #batches = 0;
  #ends: ReadonlyMap<number, number> | undefined;
  #driver: DriverFigures | undefined;

  constructor(options: {
    clock: Clock;
    kafka: KafkaOptions;
    topic: string;
    page: string | null;
    /** What earlier runs did. */
    before: SparkProgress;
  }) {
    this.#clock = options.clock;
    this.#kafka = options.kafka;
    this.#topic = options.topic;
    this.#page = options.page;
    this.#progress = options.before;
    this.#readBefore = recordsRead(options.before.view);
    this.#startedMs = this.#clock.monotonicMs();
    this.#lastBatchMs = this.#startedMs;
    this.#looking = this.#look();
  }

  /** Takes the state after one more batch of a query, and tells what it took. */
  progressed(progress: SparkProgress): CommitTiming {
    const closedBefore = this.snapshot().windowsClosed;
    this.#progress = progress;
    this.#lastBatchMs = this.#clock.monotonicMs();
    this.#committedAtMs = this.#clock.nowMs();
    this.#batches++;
    const commitMs = progress.latest?.batchMs ?? 0;
    this.#batchMs.unshift(commitMs);
    this.#batchMs.length = Math.min(this.#batchMs.length, SHOWN_BATCHES);
    return { commitMs, closeMs: 0, windowsClosed: this.snapshot().windowsClosed - closedBefore };
  }

  inspect(): Omit<EngineInspection, "manifest"> {
    const ends = this.#ends ?? new Map<number, number>();
    const { stateBytes: bytes, stateRows: openPanes } = this.#spark();
    return {
      ends,
      lastStable: ends,
      lastCommitMs: this.#committedAtMs,
      readBytes: 0,
      state: { bytes, openPanes, outboxEntries: 0 },
      busyShares: [],
      executors: this.#driver?.list ?? [],
    };
  }

  snapshot(): EngineSnapshot {
    const { view, newestEventMs } = this.#progress;
    const read = recordsRead(view);
    const dead = view.totals[DEAD_LETTERS]?.written ?? 0;
    const { closed, open } = windowCounts(view, newestEventMs);
    const spark = this.#spark();
    return {
      read,
      counted: Math.max(0, read - dead),
      late: 0,
      dead: dead === 0 ? {} : { "all reasons": dead },
      lag: this.#lag(),
      perSecond: spark.processedPerSecond,
      commits: this.#batches,
      commitMs: this.#batchMs,
      windowsClosed: closed,
      windowsOpen: open,
      watermarkMs: closedThroughMs(view),
      spark,
    };
  }

  figures(): EngineFigures {
    const readInRun = recordsRead(this.#progress.view) - this.#readBefore;
    return { readInRun, busyMs: this.#lastBatchMs - this.#startedMs };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#looking;
  }

  #spark(): SparkSnapshot {
    const queries = [...this.#progress.queries.values()];
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    const slowest = queries.toSorted((a, b) => a.processedPerSecond - b.processedPerSecond)[0];
    return {
      queries,
      inputPerSecond: slowest?.inputPerSecond ?? 0,
      processedPerSecond: slowest?.processedPerSecond ?? 0,
      droppedRows: droppedRows(this.#progress.view),
      stateRows: sum(queries.map(({ stateRows }) => stateRows)),
      stateBytes: sum(queries.map(({ stateBytes }) => stateBytes)),
      executors: this.#driver?.executors ?? null,
      activeTasks: this.#driver?.activeTasks ?? null,
    };
  }

  /** Records between what every query has read and the end of the topic. */
  #lag(): number | null {
    if (this.#ends === undefined) return null;
    let lag = 0;
    for (const [partition, position] of positionsOf(this.#progress.view)) {
      lag += Math.max(0, (this.#ends.get(partition) ?? position) - position);
    }
    return lag;
  }

  async #look(): Promise<void> {
    let cluster: Cluster | undefined;
    while (!this.#closing.signal.aborted) {
      try {
        cluster ??= await Cluster.connect(this.#kafka);
        const topic = await cluster.topic(this.#topic);
        if (topic !== undefined) this.#ends = await cluster.offsets(topic, "lastStable");
      } catch {
        await cluster?.close(); // the figures stay as they are until Kafka answers again
        cluster = undefined;
      }
      this.#driver = this.#page === null ? undefined : await driverFigures(this.#page, LOOK_WITHIN_MS);
      await this.#clock.sleep(LOOK_EVERY_MS, this.#closing.signal);
    }
    await cluster?.close();
  }
}
