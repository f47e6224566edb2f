import type { Clock } from "../core/clock.ts";
import type { Producer } from "../kafka/producer.ts";
import { EVENT_ROOM_BYTES } from "./event-bytes.ts";
import { Pace } from "./pace.ts";
import type { GeneratorPosition } from "./position.ts";
import { type GeneratorProgress, ProgressMeter } from "./progress-meter.ts";

/** What writes event `n`, which arrives at `timeMs`, as bytes: `EventWriter`. */
export interface EventSource {
  write(n: number, timeMs: number, bytes: Buffer, position: number): number;
  /** Of the event just written: the key's bytes, and its number, from 0. */
  readonly keyBytes: Buffer;
  readonly keyStart: number;
  readonly keyLength: number;
  readonly user: number;
}

/** The part of a transactional `Producer` that a run needs. */
export type EventLog = Pick<
  Producer,
  "partitionFor" | "append" | "send" | "ready" | "begin" | "acknowledgeMs"
>;

export interface RunOptions {
  source: EventSource;
  log: EventLog;
  /** Ends the transaction that `log.begin` started, together with the position after it. */
  commit(position: GeneratorPosition): Promise<void>;
  clock: Clock;
  position: GeneratorPosition;
  /** Number of the event before which the backlog ends. */
  total: number;
  /** Events a second of the backlog; null is full speed. */
  rate: number | null;
  /** Goes on after the backlog with so many events a second, or at full speed (null). */
  live: { rate: number | null } | null;
  /** Events handed to Kafka at once. */
  batch: number;
  signal: AbortSignal;
  onProgress(progress: GeneratorProgress): void;
}

/** Enough to make the end of a transaction cheap, and little enough to do again after a failure. */
const TRANSACTION_EVENTS = 200_000;
/** Readers see events when their transaction ends. */
const TRANSACTION_MS = 1_000;

/**
 * Writes the backlog up to the total, then live events, in transactions that each hold a contiguous range of numbers.
 * An abort of the signal ends the open transaction with a commit.
 * @returns the committed position
 * @throws ClickstreamError as `Producer.ready` and `commit`
 */
export async function runGenerator(options: RunOptions): Promise<GeneratorPosition> {
  const { position, total, rate, live, clock, signal } = options;
  const run = new Run(options);
  run.report(false);
  if (position.next < total) await run.until(total, new Pace(rate, clock), false);
  if (live !== null && !signal.aborted) {
    await run.until(Number.MAX_SAFE_INTEGER, new Pace(live.rate, clock), true);
  }
  return run.committed;
}

class Run {
  committed: GeneratorPosition;
  readonly #options: RunOptions;
  readonly #meter: ProgressMeter;
  readonly #bytes = Buffer.allocUnsafe(EVENT_ROOM_BYTES);
  /** By user; −1 where nobody has asked yet. */
  #partitions = new Int32Array(1_024).fill(-1);
  #next: number;
  #lastTimeMs: number;

  constructor(options: RunOptions) {
    this.#options = options;
    this.committed = options.position;
    this.#next = options.position.next;
    this.#lastTimeMs = options.position.lastTimeMs;
    this.#meter = new ProgressMeter(options.clock, options.position.next);
  }

  /** Event times: in the backlog event n arrives at start + n, but never in the future; live ones when they are due. */
  async until(end: number, pace: Pace, live: boolean): Promise<void> {
    const { log, commit, clock, batch, signal } = this.#options;
    const { startMs } = this.committed.settings;
    while (this.#next < end && !signal.aborted) {
      await pace.wait(batch, TRANSACTION_MS, signal);
      const due = Math.min(pace.due(), end - this.#next, TRANSACTION_EVENTS);
      if (due < 1) continue;
      const msPerEvent = live ? 1_000 / (pace.perSecond ?? Number.POSITIVE_INFINITY) : 1;
      const firstMs = live ? clock.nowMs() - (due - 1) * msPerEvent : startMs + this.#next;
      const from = this.#next;
      const beganMs = clock.monotonicMs();
      log.begin();
      do {
        const batchBeganMs = clock.monotonicMs();
        const count = Math.min(batch, from + due - this.#next);
        this.#write(count, firstMs + (this.#next - from) * msPerEvent, msPerEvent, clock.nowMs());
        log.send();
        await log.ready();
        pace.take(count);
        this.#meter.batch(clock.monotonicMs() - batchBeganMs + log.acknowledgeMs);
        this.report(live);
      } while (this.#next < from + due && !signal.aborted && clock.monotonicMs() - beganMs < TRANSACTION_MS);
      const position = { ...this.committed, next: this.#next, lastTimeMs: this.#lastTimeMs };
      await commit(position);
      this.committed = position;
      this.#meter.committed(position.next);
      this.report(live);
    }
  }

  /**
   * Hot. Writes `count` events, the first of which arrives at `firstMs`. 150–250 ns to make an event's bytes and 150 ns
   * to copy and checksum them: 2–3 M events/s, far above what a broker beside it takes. Allocates nothing per event.
   */
  #write(count: number, firstMs: number, msPerEvent: number, nowMs: number): void {
    const { source, log } = this.#options;
    const bytes = this.#bytes;
    let lastTimeMs = this.#lastTimeMs;
    for (let index = 0; index < count; index++) {
      const timeMs = Math.max(lastTimeMs, Math.min(nowMs, Math.floor(firstMs + index * msPerEvent)));
      lastTimeMs = timeMs;
      const length = source.write(this.#next + index, timeMs, bytes, 0);
      const { user, keyBytes, keyStart, keyLength } = source;
      const known = user < this.#partitions.length ? this.#partitions[user]! : -1;
      const partition = known >= 0 ? known : this.#choosePartition(user);
      log.append(partition, timeMs, keyBytes, keyStart, keyLength, bytes, 0, length);
    }
    this.#next += count;
    this.#lastTimeMs = lastTimeMs;
  }

  #choosePartition(user: number): number {
    const { source, log } = this.#options;
    if (user >= this.#partitions.length) {
      const larger = new Int32Array(Math.max(this.#partitions.length * 2, user + 1)).fill(-1);
      larger.set(this.#partitions);
      this.#partitions = larger;
    }
    const partition = log.partitionFor(source.keyBytes, source.keyStart, source.keyLength);
    this.#partitions[user] = partition;
    return partition;
  }

  report(live: boolean): void {
    const { total, onProgress } = this.#options;
    this.#meter.report(total, live, onProgress);
  }
}
