import type { Clock } from "../../src/core/clock.ts";
import type { Random } from "../../src/core/random.ts";
import type { EngineWorker, Flush, FlushRequest, PartitionStart } from "../../src/engines/embedded/flush.ts";
import { WindowWorker, type WindowWorkerOptions } from "../../src/engines/embedded/window-worker.ts";
import { recordColumns } from "../../src/testing/record-columns.ts";
import type { ArrivingRecord } from "./random-log.ts";
import { type CrashPlan, recordsOf } from "./world.ts";

/** A partition as a worker's fetches find it. */
interface Feed {
  partition: number;
  records: ArrivingRecord[];
  /** Next offset to fetch. */
  position: number;
  endOffset: number;
  stopAt: number;
}

/** A worker without thread and socket: fetches what has arrived, in cuts and an order that chance decides. */
export class SimulatedWorker implements EngineWorker {
  private readonly worker: WindowWorker;
  private readonly feeds: Feed[];
  private readonly random: Random;
  private readonly clock: Clock;
  private readonly crashes: CrashPlan;

  constructor(
    options: WindowWorkerOptions,
    log: { records: readonly ArrivingRecord[]; endOffsets: readonly number[] },
    random: Random,
    crashes: CrashPlan,
  ) {
    this.worker = new WindowWorker(options);
    this.random = random;
    this.clock = options.clock;
    this.crashes = crashes;
    this.feeds = options.partitions.map((start: PartitionStart) => ({
      partition: start.partition,
      records: recordsOf(log.records, start.partition),
      position: start.position,
      endOffset: log.endOffsets[start.partition] ?? 0,
      stopAt: start.endOffset ?? Number.POSITIVE_INFINITY,
    }));
  }

  /** Some fetches, each of some partition. */
  read(fetches: number): void {
    for (let i = 0; i < fetches; i++) {
      const feed = this.feeds[this.random.below(this.feeds.length)];
      if (feed !== undefined && feed.position < feed.stopAt) this.fetch(feed);
    }
  }

  async flush(request: FlushRequest): Promise<Flush> {
    if (!request.final) this.read(this.random.below(4));
    await Promise.resolve();
    this.crashes.step();
    return structuredClone(this.worker.flush(request));
  }

  async close(): Promise<void> {}

  private fetch(feed: Feed): void {
    const sentAtMs = this.clock.monotonicMs();
    const left = feed.records.filter(({ offset }) => offset >= feed.position);
    const arrived = left.filter(({ arrivesMs }) => arrivesMs <= this.clock.nowMs());
    const highWatermark =
      arrived.length === left.length ? feed.endOffset : (left[arrived.length] as ArrivingRecord).offset;
    this.worker.ends(feed.partition, highWatermark, highWatermark);
    const batch = arrived.slice(0, 1 + this.random.below(8));
    const last = batch.at(-1);
    if (last !== undefined) {
      // A batch may begin before the asked offset, as a fetch in the middle of a batch answers.
      const before = feed.records
        .filter(({ offset }) => offset < feed.position)
        .slice(-this.random.below(3) || Infinity);
      feed.position = last.offset + 1;
      this.worker.batch(feed.partition, recordColumns([...before, ...batch]), feed.position);
    } else if (feed.position < highWatermark) {
      feed.position = highWatermark;
      this.worker.batch(feed.partition, null, feed.position);
    } else {
      this.worker.caughtUp(feed.partition, { sentAtMs, position: feed.position, highWatermark });
    }
  }
}
