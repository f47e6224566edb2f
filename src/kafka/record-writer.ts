import assert from "node:assert/strict";
import { ClickstreamError } from "../core/errors.ts";
import { recordsOf } from "./batch-records.ts";
import type { Codec } from "./compression.ts";
import { errorName, errorSentence } from "./error-names.ts";
import { partitionOfKey } from "./murmur2.ts";
import { type OutgoingBatch, type PartitionQueue, partitionQueue } from "./partition-queue.ts";
import type { PartitionResult } from "./produce-messages.ts";
import { ProducePipeline, type ProducePipelineOptions } from "./produce-pipeline.ts";
import { RecordsRefusedError, type RefusedRecord } from "./producer-errors.ts";
import { RecordBatchBuilder, type RecordHeader, sequenceAfter } from "./record-encoding.ts";
import type { ProducerIdentity } from "./transaction-messages.ts";

export interface RecordWriterOptions extends Omit<ProducePipelineOptions, "queues" | "release" | "divide"> {
  identity: ProducerIdentity;
  codec: Codec;
  /** A partition's batch is closed before it grows beyond so many bytes, uncompressed. */
  batchBytes: number;
  /** `ready` waits while more is unacknowledged. */
  bufferBytes: number;
  /** Adds partitions to the open transaction, before the first batch for them leaves. */
  addPartitions(partitions: readonly number[]): Promise<void>;
}

/** Fits the batches of a few hundred events that are usual; buffers grow when it does not, and are used again. */
const FIRST_BUFFER_BYTES = 128 << 10;

/** Collects records in batches, one open batch a partition, and hands them to a pipeline. */
export class RecordWriter {
  readonly #options: RecordWriterOptions;
  readonly #pipeline: ProducePipeline;
  readonly #queues: PartitionQueue[];
  readonly #spareBuffers: Buffer[] = [];
  readonly #isTransactional: boolean;
  #refused: RefusedRecord[] = [];
  #admitting: Promise<void> | undefined;

  constructor(options: RecordWriterOptions) {
    this.#options = options;
    this.#isTransactional = options.transactionalId !== null;
    this.#queues = options.topic.partitions.map(({ partition, leader }, index) => {
      assert.equal(partition, index, "the partitions of a topic are numbered from 0");
      return partitionQueue(partition, leader.nodeId, new RecordBatchBuilder(this.#takeBuffer()));
    });
    this.leaveTransaction();
    this.#pipeline = new ProducePipeline(
      {
        ...options,
        queues: this.#queues,
        release: ({ buffer }) => {
          if (buffer !== undefined) this.#spareBuffers.push(buffer);
        },
        divide: (queue, batch, refusal) => this.#divide(queue, batch, refusal),
      },
      options.identity,
    );
  }

  /** Monotonic ms between closing a batch and its acknowledgement, of the last acknowledged one. */
  get acknowledgeMs(): number {
    return this.#pipeline.acknowledgeMs;
  }

  /** The partition that Java's default partitioner chooses for the key `bytes[start, start + length)`. */
  partitionFor(bytes: Uint8Array, start: number, length: number): number {
    return partitionOfKey(bytes, start, length, this.#queues.length);
  }

  /** Hot. Copies a record into the partition's open batch; a full batch is sent. */
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
    if (builder.count > 0 && builder.length + keyLength + valueLength > this.#options.batchBytes) {
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
    return this.#pipeline.below(this.#options.bufferBytes);
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
    throw new RecordsRefusedError(this.#options.topic.name, refused);
  }

  /** From now on no partition belongs to a transaction. */
  leaveTransaction(): void {
    for (const queue of this.#queues) queue.admitted = !this.#isTransactional;
  }

  /** Gives up everything that is not acknowledged, and waits for what is in flight; `resume` goes on. */
  async discard(): Promise<void> {
    await this.#pipeline.discard();
    await this.#admitting;
    this.leaveTransaction();
    for (const { builder } of this.#queues) builder.clear();
    this.#refused = [];
  }

  resume(identity: ProducerIdentity): void {
    this.#pipeline.resume(identity);
  }

  /** Stops at once: everything that waits, now and later, gets the error. */
  close(error: ClickstreamError): void {
    this.#pipeline.fail(error);
    this.#pipeline.close();
  }

  #seal(queue: PartitionQueue): void {
    this.#pipeline.enqueue(queue, this.#sealed(queue.builder, queue.nextSequence));
    queue.nextSequence = this.#sequenceBehind(queue);
  }

  #sealed(builder: RecordBatchBuilder, baseSequence: number): OutgoingBatch {
    const identity = { ...this.#pipeline.identity, baseSequence, transactional: this.#isTransactional };
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
      await this.#options.addPartitions(queues.map(({ partition }) => partition));
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
      parts.push(this.#sealed(builder, 0));
    }
    return parts;
  }

  #takeBuffer(): Buffer {
    return this.#spareBuffers.pop() ?? Buffer.allocUnsafe(FIRST_BUFFER_BYTES);
  }
}
