import assert from "node:assert/strict";
import type { Clock } from "../core/clock.ts";
import { withLeaders } from "./bootstrap.ts";
import { Cluster, type TopicDescription } from "./cluster.ts";
import type { Codec } from "./compression.ts";
import { connectionLost } from "./connection.ts";
import type { RetryListener } from "./coordinator-client.ts";
import type { KafkaOptions } from "./options.ts";
import { ProducerSession } from "./producer-session.ts";
import type { RecordHeader } from "./record-encoding.ts";
import { RecordWriter } from "./record-writer.ts";
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

const TRANSACTION_TIMEOUT_MS = 60_000;
const BATCH_BYTES = 512 << 10;
const BUFFER_BYTES = 16 << 20;

/**
 * Writes records to one topic: idempotent, acknowledged by all in-sync replicas, several requests in flight on one
 * connection per leader. What fails is tried again, for ever, unless Kafka's answer is final. Without a transactional
 * id records are visible once acknowledged; with one, between `begin` and `commit`, all of them or none.
 */
export class Producer {
  readonly topic: TopicDescription;
  readonly #options: ProducerOptions;
  readonly #session: ProducerSession;
  readonly #writer: RecordWriter;
  readonly #cluster: Cluster;
  readonly #closing: AbortController;
  /** Of other topics that the transactions extend to. */
  readonly #others: RecordWriter[] = [];

  private constructor(
    options: ProducerOptions,
    session: ProducerSession,
    cluster: Cluster,
    closing: AbortController,
  ) {
    const { topic } = options;
    this.#options = options;
    this.topic = topic;
    this.#session = session;
    this.#cluster = cluster;
    this.#closing = closing;
    this.#writer = this.#createWriter(topic);
  }

  /**
   * Registers with Kafka; a transactional producer thereby fences its predecessor and aborts what that left open.
   * @throws ClickstreamError KAFKA_UNREACHABLE, PRODUCE_DENIED
   */
  static async open(given: ProducerOptions): Promise<Producer> {
    const options = { ...given, kafka: withLeaders(given.kafka, given.topic) };
    const cluster = await Cluster.connect(options.kafka);
    const closing = new AbortController();
    const session = new ProducerSession({
      kafka: options.kafka,
      clock: options.clock,
      transactionalId: options.transactionalId ?? null,
      transactionTimeoutMs: options.transactionTimeoutMs ?? TRANSACTION_TIMEOUT_MS,
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
    return this.#writer.acknowledgeMs;
  }

  /** The partition that Java's default partitioner chooses for the key `bytes[start, start + length)`. */
  partitionFor(bytes: Uint8Array, start: number, length: number): number {
    return this.#writer.partitionFor(bytes, start, length);
  }

  /**
   * Hot. Copies a record into the partition's open batch; a full batch is sent. Key and value are ranges of buffers, or
   * null. Callers that write much await `ready` now and then. Outside of transactions give timestamps of today: a broker
   * forgets a producer whose last record is older than a day (`producer.id.expiration.ms`, by the record's timestamp),
   * and after its restart takes repeats for new.
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
    this.#writer.append(
      partition,
      timestampMs,
      key,
      keyStart,
      keyLength,
      value,
      valueStart,
      valueLength,
      headers,
    );
  }

  /** Sends what is open without waiting. */
  send(): void {
    assert(this.#options.transactionalId === undefined || this.#session.isOpen, "no transaction is open");
    this.#writer.send();
  }

  /** Resolves, mostly at once, when there is room for more. @throws ClickstreamError when the producer has failed */
  ready(): Promise<void> {
    return this.#writer.ready();
  }

  /**
   * Sends what is open; resolves when everything is acknowledged.
   * @throws RecordsRefusedError for records that Kafka will never accept; all others are acknowledged
   * @throws ClickstreamError when the producer has failed
   */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /**
   * A writer for another topic, whose records belong to this producer's transactions: `begin`, `commit` and `abort` are
   * about those of all its topics.
   */
  alsoInto(topic: TopicDescription): Pick<RecordWriter, "append"> {
    assert(this.#options.transactionalId !== undefined, "only transactions extend over topics");
    assert(!this.#session.isOpen, "no transaction is open");
    const writer = this.#createWriter(topic);
    this.#others.push(writer);
    return writer;
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
    for (const writer of this.#writers) await writer.flush();
    await this.#session.commit(offsets);
    for (const writer of this.#writers) writer.leaveTransaction();
  }

  /**
   * Gives up the transaction, whatever state it is in; afterwards the producer is as new.
   * @throws ClickstreamError PRODUCER_FENCED
   */
  async abort(): Promise<void> {
    for (const writer of this.#writers) await writer.discard();
    const identity = await this.#session.abort();
    for (const writer of this.#writers) writer.resume(identity);
  }

  /**
   * Resolves when readers see all that was committed, which is some milliseconds after `commit`. No transaction is open.
   * @throws ClickstreamError PRODUCER_FENCED
   */
  async visible(): Promise<void> {
    assert(!this.#session.isOpen, "a transaction is open");
    // Kafka raises the epoch only after the end of the transaction before is written everywhere.
    await this.abort();
  }

  /** Stops at once; what is not acknowledged may be lost. */
  async close(): Promise<void> {
    const closed = connectionLost(this.#options.kafka.brokers.join(", "), "the producer was closed");
    this.#closing.abort(closed);
    for (const writer of this.#writers) writer.close(closed);
    this.#session.close();
    await this.#cluster.close();
  }

  get #writers(): RecordWriter[] {
    return [this.#writer, ...this.#others];
  }

  #createWriter(topic: TopicDescription): RecordWriter {
    const { transactionalId = null, kafka, clock, codec, batchBytes, bufferBytes, onRetry } = this.#options;
    const session = this.#session;
    return new RecordWriter({
      topic,
      transactionalId,
      codec,
      batchBytes: batchBytes ?? BATCH_BYTES,
      bufferBytes: bufferBytes ?? BUFFER_BYTES,
      clientId: kafka.clientId,
      security: kafka.security,
      clock,
      signal: this.#closing.signal,
      onRetry: onRetry ?? (() => {}),
      identity: session.identity,
      describeTopic: () => this.#cluster.topic(topic.name),
      addPartitions: (partitions) => session.addPartitions(topic.name, partitions),
      renewIdentity: () => session.initialise(),
      fencedError: () => session.fencedError(),
    });
  }
}
