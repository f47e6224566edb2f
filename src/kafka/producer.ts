import assert from "node:assert/strict";
import type { Clock } from "../core/clock.ts";
import { ClickstreamError } from "../core/errors.ts";
import { recordsOf } from "./batch-records.ts";
import { Cluster, type TopicDescription } from "./cluster.ts";
import type { Codec } from "./compression.ts";
import { connectionLost } from "./connection.ts";
import type { RetryListener } from "./coordinator-client.ts";
import { partitionOfKey } from "./murmur2.ts";
import type { KafkaOptions } from "./options.ts";
import { type OutgoingBatch, type PartitionQueue, partitionQueue } from "./partition-queue.ts";
import type { PartitionResult } from "./produce-messages.ts";
import { ProducePipeline } from "./produce-pipeline.ts";
import { errorName, errorSentence, RecordsRefusedError, type RefusedRecord } from "./producer-errors.ts";
import { ProducerSession } from "./producer-session.ts";
import { RecordBatchBuilder, type RecordHeader, sequenceAfter } from "./record-encoding.ts";
import type { GroupOffset } from "./transaction-messages.ts";

export interface ProducerOptions {
  kafka: KafkaOptions;
  topic: TopicDescription;
  clock: Clock;
  codec: Codec;
  /** Makes the producer transactional: it fences every other one with the same id. */
  transactionalId?: string;
  /** Kafka aborts a transaction that stays open for so long. Default 60 s. */
  transactionTimeoutMs?: number;
  /** A partition's batch is closed before it grows beyond so many bytes, uncompressed. Default 512 KiB. */
  batchBytes?: number;
  /** `ready` waits while more is unacknowledged. Default 16 MiB: many round trips' worth, yet little memory. */
  bufferBytes?: number;
  /** Called with the reason each time before something is tried again. */
  onRetry?: RetryListener;
}

/**
 * Writes records to one topic: idempotent, acknowledged by all in-sync replicas, several requests in flight on one
 * connection per leader. What fails is tried again, for ever, unless Kafka's answer is final. Without a transactional
 * id records are visible once acknowledged; with one, between `begin` and `commit`, all of them or none.
 */
export class Producer {
  readonly topic: TopicDescription;
  readonly #options: ProducerOptions;
  readonly #session: ProducerSession;
  readonly #pipeline: ProducePipeline;
  readonly #queues: PartitionQueue[];
  readonly #spareBuffers: Buffer[] = [];
  readonly #closing: AbortController;
  readonly #cluster: Cluster;
  readonly #batchBytes: number;
  #refused: RefusedRecord[] = [];
  #admitting: Promise<void> | undefined;

  private constructor(
    options: ProducerOptions,
    session: ProducerSession,
    cluster: Cluster,
    closing: AbortController,
  ) {
    this.#options = options;
    this.topic = options.topic;
    this.#session = session;
    this.#cluster = cluster;
    this.#closing = closing;
    this.#batchBytes = options.batchBytes ?? 512 << 10;
    this.#queues = options.topic.partitions.map(({ partition, leader }) =>
      partitionQueue(partition, leader.nodeId, new RecordBatchBuilder(this.#takeBuffer())),
    );
    const isTransactional = options.transactionalId !== undefined;
    for (const queue of this.#queues) queue.admitted = !isTransactional;
    this.#pipeline = new ProducePipeline(
      {
        topic: options.topic,
        queues: this.#queues,
        transactionalId: options.transactionalId ?? null,
        clientId: options.kafka.clientId,
        clock: options.clock,
        signal: closing.signal,
        onRetry: options.onRetry ?? (() => {}),
        describeTopic: () => cluster.topic(options.topic.name),
        release: ({ buffer }) => {
          if (buffer !== undefined) this.#spareBuffers.push(buffer);
        },
        divide: (queue, batch, refusal) => this.#divide(queue, batch, refusal),
        renewIdentity: () => session.initialise(),
        fencedError: () => session.fencedError(),
      },
      session.identity,
    );
  }

  /**
   * Registers with Kafka; a transactional producer thereby fences its predecessor and aborts what that left open.
   * @throws ClickstreamError KAFKA_UNREACHABLE, PRODUCE_DENIED
   */
  static async open(options: ProducerOptions): Promise<Producer> {
    const cluster = await Cluster.connect(options.kafka);
    const closing = new AbortController();
    const session = new ProducerSession({
      kafka: options.kafka,
      clock: options.clock,
      transactionalId: options.transactionalId ?? null,
      transactionTimeoutMs: options.transactionTimeoutMs ?? 60_000,
      signal: closing.signal,
      onRetry: options.onRetry ?? (() => {}),
    });
    try {
      await session.initialise();
      return new Producer(options, session, cluster, closing);
    } catch (error) {
      session.close();
      await cluster.close();
      throw error;
    }
  }

  /** Monotonic ms between closing a batch and its acknowledgement, of the last acknowledged one. */
  get acknowledgeMs(): number {
    return this.#pipeline.acknowledgeMs;
  }

  /** The partition that Java's default partitioner chooses for the key `bytes[start, start + length)`. */
  partitionFor(bytes: Uint8Array, start: number, length: number): number {
    return partitionOfKey(bytes, start, length, this.#queues.length);
  }

  /**
   * Hot. Copies a record into the partition's open batch; a full batch is sent. Key and value are ranges of buffers, or
   * null. Callers that write much await `ready` now and then.
   */
  append(
    partition: number,
    timestampMs: number,
    key: Uint8Array | null,
    keyStart: number,
    keyLength: number,
    value: Uint8Array | null,
    valueStart: number,
    valueLength: number,
    headers?: readonly RecordHeader[],
  ): void {
    const queue = this.#queues[partition]!;
    const { builder } = queue;
    if (builder.count > 0 && builder.length + keyLength + valueLength > this.#batchBytes) {
      this.#seal(queue);
      this.#dispatch();
    }
    builder.append(timestampMs, key, keyStart, keyLength, value, valueStart, valueLength, headers);
  }

  /** Sends what is open without waiting. */
  send(): void {
    for (const queue of this.#queues) if (queue.builder.count > 0) this.#seal(queue);
    this.#dispatch();
  }

  /** Resolves, mostly at once, when there is room for more. @throws ClickstreamError when the producer has failed */
  ready(): Promise<void> {
    return this.#pipeline.below(this.#options.bufferBytes ?? 16 << 20);
  }

  /**
   * Sends what is open; resolves when everything is acknowledged.
   * @throws RecordsRefusedError for records that Kafka will never accept; all others are acknowledged
   * @throws ClickstreamError when the producer has failed
   */
  async flush(): Promise<void> {
    this.send();
    await this.#pipeline.drained();
    const refused = this.#refused;
    if (refused.length === 0) return;
    this.#refused = [];
    throw new RecordsRefusedError(this.topic.name, refused);
  }

  /** Starts a transaction: what is appended from now on becomes visible with its `commit`. */
  begin(): void {
    this.#session.begin();
  }

  /**
   * Makes the transaction visible, together with the group offsets.
   * @throws RecordsRefusedError as `flush`; the transaction is still open, and a second `commit` leaves these records out
   * @throws ClickstreamError TRANSACTION_LOST: nothing became visible; `abort`, then begin again
   * @throws ClickstreamError PRODUCER_FENCED
   */
  async commit(offsets: readonly GroupOffset[] = []): Promise<void> {
    await this.flush();
    await this.#session.commit(offsets);
    for (const queue of this.#queues) queue.admitted = false;
  }

  /**
   * Gives up the transaction, whatever state it is in; afterwards the producer is as new.
   * @throws ClickstreamError PRODUCER_FENCED
   */
  async abort(): Promise<void> {
    await this.#pipeline.discard();
    await this.#admitting;
    for (const { builder } of this.#queues) builder.clear();
    this.#refused = [];
    this.#pipeline.resume(await this.#session.abort());
  }

  /** Stops at once; what is not acknowledged may be lost. */
  async close(): Promise<void> {
    const closed = connectionLost(this.#options.kafka.brokers.join(", "), "the producer was closed");
    this.#closing.abort(closed);
    this.#pipeline.fail(closed);
    this.#pipeline.close();
    this.#session.close();
    await this.#cluster.close();
  }

  #seal(queue: PartitionQueue): void {
    this.#pipeline.enqueue(queue, this.#sealed(queue, queue.builder, queue.nextSequence));
    queue.nextSequence = this.#sequenceBehind(queue);
  }

  #sealed(queue: PartitionQueue, builder: RecordBatchBuilder, baseSequence: number): OutgoingBatch {
    const transactional = this.#options.transactionalId !== undefined;
    assert(
      !transactional || this.#session.isOpen,
      `partition ${queue.partition}: records need a transaction`,
    );
    const identity = { ...this.#pipeline.identity, baseSequence, transactional };
    return {
      ...builder.seal(this.#options.codec, identity, () => this.#takeBuffer()),
      baseSequence,
      sealedAtMs: this.#options.clock.monotonicMs(),
      acknowledged: false,
      uncertain: false,
      refusal: undefined,
    };
  }

  #sequenceBehind({ batches }: PartitionQueue): number {
    const last = batches.at(-1)!;
    return sequenceAfter(last.baseSequence, last.count);
  }

  /** Adds new partitions to the transaction before their first batch leaves. */
  #dispatch(): void {
    const outside = this.#queues.filter(({ admitted, batches }) => !admitted && batches.length > 0);
    if (outside.length > 0 && this.#admitting === undefined) {
      this.#admitting = this.#admit(outside);
    }
    this.#pipeline.pump();
  }

  async #admit(queues: readonly PartitionQueue[]): Promise<void> {
    try {
      await this.#session.addPartitions(
        this.topic.name,
        queues.map(({ partition }) => partition),
      );
      for (const queue of queues) queue.admitted = true;
    } catch (error) {
      if (!(error instanceof ClickstreamError)) throw error;
      this.#pipeline.fail(error);
    }
    this.#admitting = undefined;
    // Batches of yet other partitions may have come meanwhile.
    if (this.#pipeline.failure === undefined) this.#dispatch();
  }

  #divide(queue: PartitionQueue, batch: OutgoingBatch, refusal: PartitionResult): OutgoingBatch[] {
    const records = recordsOf(batch.bytes);
    const details = new Map(refusal.refusedRows.map(({ row, detail }) => [row, detail]));
    if (records.length === 1 && details.size === 0) details.set(0, "");
    const reason = errorName(refusal.errorCode);
    const sentence = refusal.detail ?? errorSentence(refusal.errorCode);
    for (const [row, detail] of details) {
      const record = records[row]!;
      this.#refused.push({ ...record, partition: queue.partition, reason, detail: detail || sentence });
    }
    const rest = records.filter((_, row) => !details.has(row));
    // Without rows to blame, halves narrow it down.
    const half = details.size === 0 ? Math.ceil(rest.length / 2) : rest.length;
    const parts: OutgoingBatch[] = [];
    for (let from = 0; from < rest.length; from += half) {
      const builder = new RecordBatchBuilder(Buffer.allocUnsafe(4096));
      for (const { timestampMs, key, value, headers } of rest.slice(from, from + half)) {
        const fields = headers.length === 0 ? undefined : headers;
        builder.append(timestampMs, key, 0, key?.length ?? 0, value, 0, value?.length ?? 0, fields);
      }
      parts.push(this.#sealed(queue, builder, 0));
    }
    return parts;
  }

  #takeBuffer(): Buffer {
    return this.#spareBuffers.pop() ?? Buffer.allocUnsafe(FIRST_BUFFER_BYTES);
  }
}

/** Fits the batches of a few hundred events that are usual; buffers grow when it does not, and are used again. */
const FIRST_BUFFER_BYTES = 128 << 10;
