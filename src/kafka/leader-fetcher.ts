import type { Clock } from "../core/clock.ts";
import type { ClickstreamError } from "../core/errors.ts";
import { AbortedTransactionFilter } from "./aborted-transactions.ts";
import { APIS } from "./api-versions.ts";
import { type ConnectionOptions, connectionLost } from "./connection.ts";
import { ErrorCode } from "./error-codes.ts";
import { FetchConnection } from "./fetch-connection.ts";
import { decodeFetch, encodeFetch, type FetchedPartition } from "./fetch-messages.ts";
import type { PreferredReplicas } from "./preferred-replicas.ts";
import { CorruptBatchError } from "./reader-errors.ts";
import type { PartitionProgress, ReaderHandler } from "./reader-handler.ts";
import { batchEnd, MalformedBatch, offsetAfterBatch, readBatchHeader } from "./record-batch.ts";
import { type RecordDecoder, readMarker } from "./record-decoding.ts";

/** The part of a reader's settings that shapes its fetches. */
export interface FetchLimits {
  maxWaitMs: number;
  maxBytes: number;
  partitionMaxBytes: number;
}

/** What a fetcher needs of its reader. */
export interface FetcherOwner {
  readonly handler: ReaderHandler;
  readonly clock: Clock;
  readonly topic: { name: string; id: string };
  readonly limits: FetchLimits;
  /** One for all fetchers: only one batch is decoded at a time. */
  readonly decoder: RecordDecoder;
  readonly paused: boolean;
  readonly replicas: PreferredReplicas;
  /** A partition was answered without an error. */
  answered(partition: PartitionProgress): void;
  /** The broker does not serve the partition (any more). */
  refused(partition: PartitionProgress, errorCode: number): void;
  /** The partition is to be read from another broker, by `replicas`. All of it that had arrived is handed over. */
  moves(partition: PartitionProgress): void;
  /** The fetcher is closed and has handed over everything that had arrived. */
  lost(fetcher: LeaderFetcher, partitions: PartitionProgress[], error: ClickstreamError): void;
  failed(error: ClickstreamError): void;
}

/** A broker that is alive answers a fetch within its wait and much less than this. */
const ANSWER_TIMEOUT_MS = 30_000;
/** Room in a frame for what is not records. */
const RESPONSE_OVERHEAD_BYTES = 64 << 10;

/**
 * Fetches the partitions that one broker leads, or follows in this program's rack, over one connection. The next fetch is sent as soon as a response's batch
 * headers have told the next offsets, so the broker works while the records are walked.
 */
export class LeaderFetcher {
  readonly #owner: FetcherOwner;
  #partitions: PartitionProgress[] = [];
  /** Are to be read from a follower, once what has arrived is walked. */
  readonly #moving: PartitionProgress[] = [];
  #connection: FetchConnection | undefined;
  /** A fetch is on its way. */
  #awaiting = false;
  #sentAtMs = 0;
  /** A response that waits for the one before it to be walked. */
  #response: { frame: Buffer; bodyStart: number; end: number } | undefined;
  #walk: Iterator<void> | undefined;
  #advancing = false;
  #isClosed = false;
  #loss: ClickstreamError | undefined;

  private constructor(owner: FetcherOwner) {
    this.#owner = owner;
  }

  /** @throws ClickstreamError KAFKA_UNREACHABLE, KAFKA_CONNECTION_LOST, KAFKA_VERSION_UNSUPPORTED */
  static async connect(broker: ConnectionOptions, owner: FetcherOwner): Promise<LeaderFetcher> {
    const fetcher = new LeaderFetcher(owner);
    fetcher.#connection = await FetchConnection.connect(
      broker,
      {
        response: (frame, bodyStart, end) => {
          fetcher.#awaiting = false;
          fetcher.#response = { frame, bodyStart, end };
          fetcher.advance();
        },
        lost: (error) => fetcher.#lose(error),
      },
      { api: APIS.fetch, frameBytes: owner.limits.maxBytes + RESPONSE_OVERHEAD_BYTES },
    );
    return fetcher;
  }

  /** Fetches these partitions too, from the next request on. */
  add(partitions: readonly PartitionProgress[]): void {
    this.#partitions.push(...partitions);
    this.advance();
  }

  /** Goes on with whatever can be done now: after a pause, too. */
  advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    while (!this.#isClosed && !this.#owner.paused) {
      if (this.#walk !== undefined) {
        if (this.#walk.next().done) {
          this.#walk = undefined;
          this.#letGo();
        }
      } else if (this.#loss !== undefined) {
        this.close();
        this.#owner.lost(this, this.#partitions, this.#loss);
      } else if (this.#response !== undefined) {
        const { frame, bodyStart, end } = this.#response;
        this.#response = undefined;
        this.#begin(frame, bodyStart, end);
      } else {
        if (!this.#awaiting) this.#sendFetch();
        break;
      }
    }
    this.#advancing = false;
  }

  /** Between two walks nothing of a partition waits here; what a fetch on its way brings of it is not looked at. */
  #letGo(): void {
    const { replicas } = this.#owner;
    const due = this.#partitions.filter((partition) => replicas.isDue(partition));
    for (const partition of due) replicas.end(partition);
    if (due.length > 0) this.#partitions = this.#partitions.filter((partition) => !due.includes(partition));
    for (const partition of [...this.#moving.splice(0), ...due]) this.#owner.moves(partition);
  }

  close(): void {
    this.#isClosed = true;
    this.#walk = undefined;
    this.#connection?.close();
  }

  /** What was being walked has arrived and is walked to its end; a response behind it is dropped and fetched again. */
  #lose(error: ClickstreamError): void {
    this.#loss = error;
    this.#response = undefined;
    this.advance();
  }

  #begin(frame: Buffer, bodyStart: number, end: number): void {
    const sentAtMs = this.#sentAtMs;
    const { topic } = this.#owner;
    const response = tryDecode(frame.subarray(0, end), bodyStart);
    if (response === undefined || (response.topicId ?? topic.id) !== topic.id) {
      this.#connection?.close();
      this.#lose(connectionLost("a broker", "it answered something that was not asked"));
      return;
    }
    if (response.errorCode !== ErrorCode.none) {
      for (const partition of this.#partitions.splice(0)) this.#owner.refused(partition, response.errorCode);
      return;
    }
    const arrived = this.#takeOffsets(frame, response.partitions);
    if (this.#isClosed) return;
    const first = this.#partitions.shift();
    if (first !== undefined) this.#partitions.push(first); // each gets its turn to be filled first
    this.#sendFetch();
    this.#walk = this.#walkPartitions(frame, arrived, sentAtMs);
  }

  /** The header-only pass: moves the offsets past what has arrived, lets go of partitions that were refused. */
  #takeOffsets(frame: Buffer, fetched: readonly FetchedPartition[]): Arrived[] {
    const arrived: Arrived[] = [];
    for (const answer of fetched) {
      const progress = this.#partitions.find(({ partition }) => partition === answer.partition);
      if (progress === undefined) continue;
      if (answer.errorCode !== ErrorCode.none) {
        this.#partitions = this.#partitions.filter((other) => other !== progress);
        this.#owner.refused(progress, answer.errorCode);
        continue;
      }
      try {
        movePast(frame, answer, progress);
      } catch (error) {
        this.#failOnMalformed(error, progress.partition, progress.fetchOffset);
        return [];
      }
      this.#owner.answered(progress);
      arrived.push({ progress, answer, isFollowers: this.#owner.replicas.of(progress) !== undefined });
      if (answer.preferredReplica >= 0) {
        this.#owner.replicas.prefer(progress, answer.preferredReplica);
        this.#partitions = this.#partitions.filter((other) => other !== progress);
        this.#moving.push(progress);
      }
    }
    return arrived;
  }

  #sendFetch(): void {
    const wanted = this.#partitions.filter(({ fetchOffset, endOffset }) => fetchOffset < endOffset);
    if (wanted.length === 0) return;
    const { clock, topic, limits, replicas } = this.#owner;
    this.#awaiting = true;
    this.#sentAtMs = clock.monotonicMs();
    const connection = this.#connection!;
    const rack = replicas.rackFor(wanted);
    const body = encodeFetch({ topicId: topic.id, partitions: wanted, ...limits, rack }, connection.version);
    connection.send(APIS.fetch.key, connection.version, body, limits.maxWaitMs + ANSWER_TIMEOUT_MS);
  }

  /** Hands over what has arrived, one call of the handler a step, so that a pause or close takes effect in between. */
  *#walkPartitions(frame: Buffer, arrived: readonly Arrived[], sentAtMs: number): Generator<void> {
    const { handler } = this.#owner;
    for (const { progress, answer, isFollowers } of arrived) {
      const { partition, endOffset } = progress;
      const { highWatermark, lastStableOffset, recordsStart, recordsEnd } = answer;
      handler.ends(partition, highWatermark, lastStableOffset);
      yield;
      const filter = new AbortedTransactionFilter(answer.aborted);
      let start = recordsStart;
      for (;;) {
        const end = batchEnd(frame, start, recordsEnd);
        if (end < 0 || progress.position >= endOffset) break;
        if (offsetAfterBatch(frame, start) > progress.position) {
          this.#deliverBatch(frame, start, end, progress, filter);
          yield;
        }
        start = end;
      }
      if (start === recordsStart && progress.position < endOffset && !isFollowers) {
        handler.caughtUp(partition, { sentAtMs, position: progress.position, highWatermark });
        yield;
      }
    }
  }

  #deliverBatch(
    frame: Buffer,
    start: number,
    end: number,
    progress: PartitionProgress,
    filter: AbortedTransactionFilter,
  ): void {
    const { handler, decoder } = this.#owner;
    const { partition, endOffset, position } = progress;
    let records = null;
    try {
      const header = readBatchHeader(frame, start, end);
      const marker = header.control ? readMarker(frame, header) : undefined;
      if (filter.isVisible({ ...header, marker }) && header.baseOffset < endOffset) {
        records = decoder.decode(frame, header, position, endOffset);
      }
    } catch (error) {
      this.#failOnMalformed(error, partition, position);
      return;
    }
    progress.position = Math.min(offsetAfterBatch(frame, start), endOffset);
    handler.batch(partition, records === null || records.count === 0 ? null : records, progress.position);
  }

  #failOnMalformed(error: unknown, partition: number, offset: number): void {
    if (!(error instanceof MalformedBatch)) throw error;
    this.close();
    this.#owner.failed(new CorruptBatchError(this.#owner.topic.name, partition, offset, error));
  }
}

interface Arrived {
  progress: PartitionProgress;
  answer: FetchedPartition;
  /** A follower's, whose end may lag behind. */
  isFollowers: boolean;
}

/** Moves the fetch offset past each complete batch of a partition's answer. @throws MalformedBatch of the first after it */
function movePast(
  frame: Buffer,
  { recordsStart, recordsEnd }: FetchedPartition,
  progress: PartitionProgress,
): void {
  for (let start = recordsStart, end = 0; ; start = end) {
    end = batchEnd(frame, start, recordsEnd);
    if (end < 0) return;
    progress.fetchOffset = Math.max(progress.fetchOffset, offsetAfterBatch(frame, start));
  }
}

function tryDecode(frame: Buffer, bodyStart: number): ReturnType<typeof decodeFetch> | undefined {
  try {
    return decodeFetch(frame, bodyStart);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
