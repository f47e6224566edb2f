import type { Clock } from "../core/clock.ts";
import { ClickstreamError } from "../core/errors.ts";
import { connectToAny } from "./bootstrap.ts";
import { refused, type TopicDescription, topicChanged } from "./cluster.ts";
import { BrokerConnection } from "./connection.ts";
import { ErrorCode } from "./error-codes.ts";
import { isFinal } from "./final-errors.ts";
import { type FetcherOwner, type FetchLimits, LeaderFetcher } from "./leader-fetcher.ts";
import type { KafkaOptions } from "./options.ts";
import { PreferredReplicas } from "./preferred-replicas.ts";
import { CorruptBatchError, OffsetOutOfRangeError } from "./reader-errors.ts";
import type { PartitionProgress, ReaderHandler } from "./reader-handler.ts";
import { RecordDecoder } from "./record-decoding.ts";
import { fetchOffsets, fetchTopicMetadata } from "./topic-messages.ts";

export type { ReaderHandler } from "./reader-handler.ts";

/** What to read, and who is told. */
export interface TopicReaderOptions extends Partial<FetchLimits> {
  kafka: KafkaOptions;
  clock: Clock;
  topic: TopicDescription;
  /** Partitions to read, each from `offset` to before `endOffset`, or without an end. */
  assignments: readonly { partition: number; offset: number; endOffset?: number }[];
  handler: ReaderHandler;
  /** Told why, each time before brokers are asked again. */
  onRetry?(reason: string): void;
}

/**
 * A response of 8 MB holds 30,000 events: some 15 ms of work between two looks at anything else. 2 MB a partition keeps
 * partitions in step, which is what holds the windows open.
 */
const DEFAULT_LIMITS: FetchLimits = { maxWaitMs: 500, maxBytes: 8 << 20, partitionMaxBytes: 2 << 20 };
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 2_000;
/** A broker may lag behind the others; what it says is believed when said so often in a row (3 s). */
const CONFIRMATIONS = 5;

type Leader = TopicDescription["partitions"][number]["leader"];

/**
 * Reads the committed records of some partitions of a topic, each in offset order, as fast as the handler takes them.
 * Lost connections, moved leaders and broker restarts only delay it; what can't go away by waiting is `failed`.
 */
export class TopicReader {
  readonly #options: TopicReaderOptions;
  readonly #owner: FetcherOwner;
  readonly #fetchers = new Map<number, LeaderFetcher>();
  readonly #homeless = new Set<PartitionProgress>();
  readonly #replicas: PreferredReplicas;
  readonly #closing = new AbortController();
  /** How often in a row a partition was refused for a reason that may turn out to be final. */
  readonly #refusals = new Map<PartitionProgress, number>();
  #leaders: ReadonlyMap<number, Leader>;
  #brokers: ReadonlyMap<number, Leader>;
  #isPaused = false;
  #isPlacing = false;
  #attempt = 0;
  #changedAnswers = 0;

  private constructor(options: TopicReaderOptions) {
    this.#options = options;
    this.#leaders = new Map(options.topic.partitions.map(({ partition, leader }) => [partition, leader]));
    this.#brokers = new Map(options.topic.partitions.map(({ leader }) => [leader.nodeId, leader]));
    this.#replicas = new PreferredReplicas(options.kafka.rack, options.clock);
    for (const { partition, offset, endOffset = Number.POSITIVE_INFINITY } of options.assignments) {
      if (offset < endOffset)
        this.#homeless.add({ partition, endOffset, fetchOffset: offset, position: offset });
    }
    this.#owner = this.#fetcherOwner();
  }

  /** No call of the handler comes before the returned promise has resolved. */
  static async open(options: TopicReaderOptions): Promise<TopicReader> {
    const reader = new TopicReader(options);
    setImmediate(() => reader.#place());
    return reader;
  }

  /** No further batch is handed over, from the next one on; what is on its way is kept. */
  pause(): void {
    this.#isPaused = true;
  }

  /** The handler is called again, but not before this returns. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    setImmediate(() => {
      for (const fetcher of [...this.#fetchers.values()]) fetcher.advance();
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const fetcher of this.#fetchers.values()) fetcher.close();
    this.#fetchers.clear();
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  #fetcherOwner(): FetcherOwner {
    const { handler, clock, topic } = this.#options;
    const { maxWaitMs, maxBytes, partitionMaxBytes } = { ...DEFAULT_LIMITS, ...this.#options };
    const isPaused = () => this.#isPaused;
    return {
      handler,
      clock,
      topic,
      limits: { maxWaitMs, maxBytes, partitionMaxBytes },
      decoder: new RecordDecoder(),
      replicas: this.#replicas,
      get paused() {
        return isPaused();
      },
      answered: (partition) => {
        this.#attempt = 0;
        this.#refusals.delete(partition);
      },
      refused: (partition, errorCode) => this.#refused(partition, errorCode),
      moves: (partition) => {
        this.#homeless.add(partition);
        void this.#place();
      },
      lost: (fetcher, partitions, error) => {
        for (const [nodeId, other] of this.#fetchers) if (other === fetcher) this.#fetchers.delete(nodeId);
        for (const partition of partitions) {
          this.#replicas.avoid(partition);
          this.#homeless.add(partition);
        }
        this.#retry(error.message);
      },
      failed: (error) => this.#fail(error),
    };
  }

  #refused(partition: PartitionProgress, errorCode: number): void {
    const { topic } = this.#options;
    if (errorCode === ErrorCode.topicAuthorizationFailed) {
      this.#fail(refused(`read the topic ${topic.name}`, errorCode, "not authorized"));
    } else if (this.#replicas.avoid(partition)) {
      // A follower may lag behind or be none any more: what the leader says counts.
      this.#homeless.add(partition);
      this.#retry(`A follower answers a fetch of partition ${partition.partition} with error ${errorCode}.`);
    } else if (errorCode === ErrorCode.offsetOutOfRange) {
      void this.#checkRange(partition);
    } else if (errorCode === ErrorCode.corruptMessage && this.#countRefusal(partition) >= CONFIRMATIONS) {
      const cause = new Error("the broker itself can't read it");
      this.#fail(new CorruptBatchError(topic.name, partition.partition, partition.fetchOffset, cause));
    } else {
      this.#homeless.add(partition);
      this.#retry(`Kafka answers a fetch of partition ${partition.partition} with error ${errorCode}.`);
    }
  }

  #countRefusal(partition: PartitionProgress): number {
    const refusals = (this.#refusals.get(partition) ?? 0) + 1;
    this.#refusals.set(partition, refusals);
    return refusals;
  }

  /** A follower that was just elected may say "out of range" for a moment; what lies before the log's start is gone. */
  async #checkRange(progress: PartitionProgress): Promise<void> {
    const { topic, kafka } = this.#options;
    const { partition, fetchOffset } = progress;
    const refusals = this.#countRefusal(progress);
    try {
      const leader = this.#leaders.get(partition);
      const connection = await (leader === undefined
        ? connectToAny(kafka)
        : BrokerConnection.connect({ ...leader, clientId: kafka.clientId, security: kafka.security }));
      const [earliest] = await fetchOffsets(connection, topic.name, [partition], "earliest").finally(() =>
        connection.close(),
      );
      const known = earliest?.errorCode === ErrorCode.none;
      if (known && (fetchOffset < earliest.offset || refusals >= CONFIRMATIONS)) {
        this.#fail(new OffsetOutOfRangeError(topic.name, partition, fetchOffset, earliest.offset));
        return;
      }
    } catch (error) {
      if (this.#orFail(error) === undefined) return;
    }
    this.#homeless.add(progress);
    this.#retry(`Kafka has no offset ${fetchOffset} in partition ${partition} at the moment.`);
  }

  #retry(reason: string): void {
    if (this.#isClosed) return;
    this.#options.onRetry?.(reason);
    void this.#place(true);
  }

  /** Where a partition is read: a follower in this program's rack, or its leader. */
  #homeOf(partition: PartitionProgress): Leader | undefined {
    const follower = this.#replicas.of(partition);
    return follower === undefined ? this.#leaders.get(partition.partition) : this.#brokers.get(follower);
  }

  /** Gives every homeless partition to the fetcher of its home; returns when none is left. One at a time. */
  async #place(afterTrouble = false): Promise<void> {
    if (this.#isPlacing) return;
    this.#isPlacing = true;
    let fresh = !afterTrouble;
    let round = 0;
    while (this.#homeless.size > 0 && !this.#isClosed) {
      if (!fresh) await this.#backOffAndRefresh(round++);
      else if ([...this.#homeless].some((partition) => this.#homeOf(partition) === undefined))
        await this.#refresh();
      fresh = false;
      for (const partition of this.#homeless) {
        if (this.#homeOf(partition) === undefined) this.#replicas.avoid(partition);
      }
      const byHome = Map.groupBy(this.#homeless, (partition) => this.#homeOf(partition)?.nodeId);
      await Promise.all([...byHome.values()].map((partitions) => this.#settle(partitions)));
    }
    this.#isPlacing = false;
  }

  /** @param partitions of one home */
  async #settle(partitions: readonly PartitionProgress[]): Promise<void> {
    const home = this.#homeOf(partitions[0]!);
    if (home === undefined || this.#isClosed) return;
    let fetcher = this.#fetchers.get(home.nodeId);
    if (fetcher === undefined) {
      try {
        const { clientId, security } = this.#options.kafka;
        const broker = { ...home, clientId, security };
        fetcher = await LeaderFetcher.connect(broker, this.#owner);
      } catch (error) {
        for (const partition of partitions) this.#replicas.avoid(partition);
        const trouble = this.#orFail(error);
        if (trouble !== undefined) this.#options.onRetry?.(trouble.message);
        return;
      }
      if (this.#isClosed) {
        fetcher.close();
        return;
      }
      this.#fetchers.set(home.nodeId, fetcher);
    }
    for (const partition of partitions) this.#homeless.delete(partition);
    fetcher.add(partitions);
  }

  /** @param round look-ups before this one, which answers for other partitions do not shorten */
  async #backOffAndRefresh(round: number): Promise<void> {
    const { clock } = this.#options;
    const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(round, this.#attempt++));
    await clock.sleep(delayMs, this.#closing.signal);
    if (!this.#isClosed) await this.#refresh();
  }

  async #refresh(): Promise<void> {
    const { kafka, topic, onRetry } = this.#options;
    try {
      const connection = await connectToAny(kafka);
      const metadata = await fetchTopicMetadata(connection, topic.name).finally(() => connection.close());
      const isGone = metadata.errorCode === ErrorCode.unknownTopicOrPartition;
      if (isGone || (metadata.errorCode === ErrorCode.none && metadata.id !== topic.id)) {
        if (++this.#changedAnswers >= CONFIRMATIONS) this.#fail(topicChanged(topic.name));
        return;
      }
      this.#changedAnswers = 0;
      this.#brokers = metadata.brokers;
      this.#leaders = new Map(
        metadata.partitions.flatMap(({ partition, leader }) =>
          leader === undefined ? [] : [[partition, leader]],
        ),
      );
    } catch (error) {
      const trouble = this.#orFail(error);
      if (trouble !== undefined) onRetry?.(trouble.message);
    }
  }

  /** The trouble with a broker that may pass; undefined when it can't, and the reader has failed. */
  #orFail(error: unknown): ClickstreamError | undefined {
    if (!(error instanceof ClickstreamError)) throw error;
    if (!isFinal(error)) return error;
    this.#fail(error);
    return undefined;
  }

  #fail(error: ClickstreamError): void {
    if (this.#isClosed) return;
    void this.close();
    this.#options.handler.failed(error);
  }
}
