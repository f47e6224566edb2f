import type { Clock } from "../core/clock.ts";
import { ClickstreamError } from "../core/errors.ts";
import type { TopicDescription } from "./cluster.ts";
import type { RetryListener } from "./coordinator-client.ts";
import { errorName, errorSentence } from "./error-names.ts";
import { isFinal } from "./final-errors.ts";
import { LeaderLink } from "./leader-link.ts";
import type { KafkaSecurity } from "./options.ts";
import {
  dropAcknowledged,
  nextToSend,
  type OutgoingBatch,
  type PartitionQueue,
  renumber,
} from "./partition-queue.ts";
import { type PartitionResult, produceRequest } from "./produce-messages.ts";
import { outcomeOf, produceDenied, transactionLost } from "./producer-errors.ts";
import type { ProducerIdentity } from "./transaction-messages.ts";

export interface ProducePipelineOptions {
  topic: TopicDescription;
  queues: readonly PartitionQueue[];
  transactionalId: string | null;
  clientId: string;
  security?: KafkaSecurity | undefined;
  clock: Clock;
  signal: AbortSignal;
  onRetry: RetryListener;
  /** The topic as it is now, for its leaders; undefined while Kafka does not know it. */
  describeTopic(): Promise<TopicDescription | undefined>;
  /** A batch has arrived, or will never be sent: its buffer is free. */
  release(batch: OutgoingBatch): void;
  /** Puts what Kafka may still accept of a refused batch into batches of their own. */
  divide(queue: PartitionQueue, batch: OutgoingBatch, refusal: PartitionResult): OutgoingBatch[];
  /** Another producer id, after the broker forgot the one in use. Only without a transactional id. */
  renewIdentity(): Promise<ProducerIdentity>;
  /** What it means that the broker refuses the epoch of a transactional producer. */
  fencedError(): ClickstreamError;
}

/** Enough to keep a broker busy; more could not be told apart when they are repeated. */
const MAX_IN_FLIGHT = 5;
const MAX_REQUEST_BYTES = 16 << 20;
const OUT_OF_ORDER_SEQUENCE_NUMBER = 45;

/**
 * Sends sealed batches to the leaders of their partitions: several requests in flight, each partition's batches in
 * order, and each batch until it is acknowledged. Whatever goes wrong in between, a batch keeps its sequence number, so
 * the broker drops repeats.
 */
export class ProducePipeline {
  /** Sum of the bytes that are not acknowledged yet. */
  unacknowledgedBytes = 0;
  /** Time between sealing and acknowledgement of the last acknowledged batch, ms. */
  acknowledgeMs = 0;
  identity: ProducerIdentity;
  failure: ClickstreamError | undefined;
  readonly #options: ProducePipelineOptions;
  readonly #links = new Map<number, LeaderLink>();
  #waiters: { until: () => boolean; resolve: () => void; reject: (error: Error) => void }[] = [];
  #inFlight = 0;
  #recovering = false;
  #renewing = false;
  #backoffMs = 100;

  constructor(options: ProducePipelineOptions, identity: ProducerIdentity) {
    this.#options = options;
    this.identity = identity;
    this.#useLeaders(options.topic);
  }

  /** Takes over a sealed batch; `pump` sends it. */
  enqueue(queue: PartitionQueue, batch: OutgoingBatch): void {
    queue.batches.push(batch);
    this.unacknowledgedBytes += batch.bytes.length;
  }

  /** Sends what may be sent now. */
  pump(): void {
    if (this.failure !== undefined || this.#renewing) return;
    for (const link of this.#links.values()) {
      while (link.inFlight < MAX_IN_FLIGHT) {
        const parcels = this.#nextParcels(link);
        if (parcels.length === 0) break;
        void this.#send(link, parcels);
      }
    }
  }

  /** Resolves when every batch is acknowledged or refused. @throws ClickstreamError when the producer has failed. */
  drained(): Promise<void> {
    return this.#wait(() => this.#options.queues.every((queue) => queue.batches.length === 0));
  }

  /** Resolves when fewer than `byteLength` bytes are waiting. @throws ClickstreamError when the producer has failed. */
  below(byteLength: number): Promise<void> {
    return this.#wait(() => this.unacknowledgedBytes < byteLength);
  }

  /** Gives up everything, waits for what is in flight, and is ready for another identity. */
  async discard(): Promise<void> {
    this.failure ??= transactionLost("it was aborted.");
    this.#notify();
    while (this.#inFlight > 0) await this.#settled();
    for (const queue of this.#options.queues) {
      for (const batch of queue.batches) this.#options.release(batch);
      Object.assign(queue, { batches: [], unsent: 0, blocked: false, nextSequence: 0, isKnown: false });
    }
    this.unacknowledgedBytes = 0;
  }

  /** Goes on after `discard`. */
  resume(identity: ProducerIdentity): void {
    this.identity = identity;
    this.failure = undefined;
  }

  /** Fails everything that waits, now and later. */
  fail(error: ClickstreamError): void {
    this.failure ??= error;
    this.#notify();
  }

  close(): void {
    for (const link of this.#links.values()) link.close();
  }

  #nextParcels(link: LeaderLink): Parcel[] {
    const parcels: Parcel[] = [];
    let byteLength = 0;
    for (const queue of this.#options.queues) {
      if (queue.leader !== link.nodeId) continue;
      const batch = nextToSend(queue);
      if (batch === undefined) continue;
      byteLength += batch.bytes.length;
      if (byteLength > MAX_REQUEST_BYTES && parcels.length > 0) break;
      parcels.push({ queue, batch });
      queue.unsent++;
      queue.inFlight++;
    }
    return parcels;
  }

  async #send(link: LeaderLink, parcels: readonly Parcel[]): Promise<void> {
    link.inFlight++;
    this.#inFlight++;
    const { transactionalId, topic, onRetry } = this.#options;
    const batches = parcels.map(({ queue, batch }) => ({ partition: queue.partition, bytes: batch.bytes }));
    let results: PartitionResult[] = [];
    try {
      results = await link.produce(produceRequest(transactionalId, topic.name, batches));
    } catch (error) {
      if (!(error instanceof ClickstreamError)) return this.#crash(error);
      if (isFinal(error)) this.fail(error);
      else onRetry(error.message);
      for (const { batch } of parcels) batch.uncertain = true;
    } finally {
      link.inFlight--;
      this.#inFlight--;
    }
    for (const { queue, batch } of parcels) {
      queue.inFlight--;
      const result = results.find(({ partition }) => partition === queue.partition);
      if (result === undefined) queue.blocked = true;
      else this.#settle(queue, batch, result);
    }
    this.#afterResponse(parcels);
  }

  #settle(queue: PartitionQueue, batch: OutgoingBatch, result: PartitionResult): void {
    const { transactionalId, topic, onRetry, fencedError } = this.#options;
    const detail = result.detail ?? errorSentence(result.errorCode);
    switch (outcomeOf(result.errorCode)) {
      case "done":
        this.#acknowledge(queue, batch);
        break;
      case "retry":
        queue.blocked = true;
        onRetry(`partition ${queue.partition}: ${detail}`);
        break;
      case "refused":
        queue.blocked = true;
        batch.refusal = result;
        // Its first attempt may have arrived: taking it apart now could repeat records.
        if (batch.uncertain && transactionalId !== null) this.fail(transactionLost(detail));
        break;
      case "denied":
        this.fail(produceDenied(`writing to topic ${topic.name}`, result.errorCode, detail));
        break;
      case "fenced":
      case "lost":
        queue.blocked = true;
        // Follows from a batch before it that did not arrive; that one says what is wrong.
        if (result.errorCode === OUT_OF_ORDER_SEQUENCE_NUMBER && batch !== queue.batches[0]) break;
        if (transactionalId === null) void this.#renewIdentity();
        else if (outcomeOf(result.errorCode) === "fenced") this.fail(fencedError());
        else this.fail(transactionLost(`${errorName(result.errorCode)}, ${detail}`));
    }
  }

  #acknowledge(queue: PartitionQueue, batch: OutgoingBatch): void {
    batch.acknowledged = true;
    queue.isKnown = true;
    this.acknowledgeMs = this.#options.clock.monotonicMs() - batch.sealedAtMs;
    this.#backoffMs = 100;
    for (const arrived of dropAcknowledged(queue)) this.#forget(arrived);
  }

  #forget(batch: OutgoingBatch): void {
    this.unacknowledgedBytes -= batch.bytes.length;
    this.#options.release(batch);
  }

  #afterResponse(parcels: readonly Parcel[]): void {
    if (this.failure === undefined) {
      for (const { queue } of parcels) {
        if (!queue.blocked || queue.inFlight > 0) continue;
        if (queue.batches.some(({ refusal }) => refusal !== undefined)) this.#divideRefused(queue);
        else void this.#recover();
      }
      this.pump();
    }
    this.#notify();
  }

  /** With nothing in flight: takes the refused batches apart and closes the gap in the sequence behind them. */
  #divideRefused(queue: PartitionQueue): void {
    const first = queue.batches.findIndex(({ refusal }) => refusal !== undefined);
    const firstSequence = queue.batches[first]!.baseSequence;
    queue.batches = queue.batches.flatMap((batch) => {
      if (batch.refusal === undefined) return [batch];
      const parts = this.#options.divide(queue, batch, batch.refusal);
      for (const part of parts) this.unacknowledgedBytes += part.bytes.length;
      this.#forget(batch);
      return parts;
    });
    renumber(queue, this.identity, first, firstSequence);
    this.#unblock(queue);
  }

  #unblock(queue: PartitionQueue): void {
    queue.blocked = false;
    queue.unsent = 0;
  }

  /** Waits a little, looks who leads now, and sends again, until no partition is left behind. */
  async #recover(): Promise<void> {
    if (this.#recovering) return;
    this.#recovering = true;
    const { clock, signal, describeTopic, onRetry, topic, transactionalId, queues } = this.#options;
    while (!signal.aborted && this.failure === undefined && queues.some(({ blocked }) => blocked)) {
      await clock.sleep(this.#backoffMs, signal);
      this.#backoffMs = Math.min(2_000, this.#backoffMs * 2);
      try {
        const description = await describeTopic();
        if (description === undefined) {
          onRetry(`Kafka does not know topic ${topic.name}.`);
          continue;
        }
        if (transactionalId !== null && description.id !== topic.id) this.fail(topicReplaced(topic.name));
        else this.#useLeaders(description);
      } catch (error) {
        if (!(error instanceof ClickstreamError)) return this.#crash(error);
        if (isFinal(error)) this.fail(error);
        else onRetry(error.message);
      }
      if (this.#renewing) break;
      for (const queue of queues) if (queue.blocked && queue.inFlight === 0) this.#unblock(queue);
      this.pump();
    }
    this.#recovering = false;
  }

  /** Everything unacknowledged goes again under a new producer id: at least once, when the broker forgot this one. */
  async #renewIdentity(): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    while (this.#inFlight > 0) await this.#settled();
    try {
      this.identity = await this.#options.renewIdentity();
      for (const queue of this.#options.queues) {
        queue.isKnown = false;
        renumber(queue, this.identity, 0, 0);
        this.#unblock(queue);
      }
    } catch (error) {
      if (!(error instanceof ClickstreamError)) return this.#crash(error);
      this.fail(error);
    }
    this.#renewing = false;
    this.pump();
  }

  #useLeaders(description: TopicDescription): void {
    const { queues, clientId, security, signal } = this.#options;
    for (const { partition, leader } of description.partitions) {
      const queue = queues[partition];
      if (queue === undefined) continue;
      const link = this.#links.get(leader.nodeId);
      if (link?.host !== leader.host || link.port !== leader.port) {
        link?.close();
        this.#links.set(leader.nodeId, new LeaderLink({ ...leader, clientId, security, signal }));
      }
      queue.leader = leader.nodeId;
    }
  }

  #wait(until: () => boolean): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (until()) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ until, resolve, reject }));
  }

  /** Resolves at the next response. */
  #settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ until: () => true, resolve, reject: () => resolve() });
    });
  }

  #notify(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (this.failure !== undefined) waiter.reject(this.failure);
      else if (waiter.until()) waiter.resolve();
      else this.#waiters.push(waiter);
    }
  }

  /** A defect of this program: not for a caller to handle. */
  #crash(error: unknown): void {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** A batch in a request, and where it came from. */
interface Parcel {
  queue: PartitionQueue;
  batch: OutgoingBatch;
}

function topicReplaced(topic: string): ClickstreamError {
  return new ClickstreamError({
    code: "TOPIC_CHANGED",
    message: `Topic ${topic} was deleted and created again while it was being written.`,
    nextStep: "Start again; writing begins anew on the new topic.",
  });
}
