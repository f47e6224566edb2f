import assert from "node:assert/strict";
import type { Clock } from "../core/clock.ts";
import type { ClickstreamError } from "../core/errors.ts";
import { CoordinatorClient, type RetryListener } from "./coordinator-client.ts";
import { errorName } from "./error-names.ts";
import type { KafkaOptions } from "./options.ts";
import { outcomeOf, produceDenied, producerFenced, transactionLost } from "./producer-errors.ts";
import {
  addOffsetsToTransaction,
  addPartitionsToTransaction,
  type Call,
  commitOffsetInTransaction,
  endTransaction,
  type GroupOffset,
  initProducerId,
  type ProducerIdentity,
} from "./transaction-messages.ts";

export interface ProducerSessionOptions {
  kafka: KafkaOptions;
  clock: Clock;
  /** null: idempotent only. */
  transactionalId: string | null;
  transactionTimeoutMs: number;
  signal: AbortSignal;
  onRetry: RetryListener;
}

/** What Kafka knows of a producer: its id and epoch, and the transaction that it has open. */
export class ProducerSession {
  identity: ProducerIdentity = { producerId: -1, producerEpoch: -1 };
  readonly #options: ProducerSessionOptions;
  readonly #coordinator: CoordinatorClient;
  readonly #groups = new Map<string, CoordinatorClient>();
  /** Wall-clock ms when the open transaction began. */
  #openSinceMs: number | undefined;
  /** Whether the coordinator has heard of the open transaction. */
  #isKnown = false;

  constructor(options: ProducerSessionOptions) {
    this.#options = options;
    const { kafka, clock, transactionalId, signal, onRetry } = options;
    const coordinates = transactionalId === null ? "any" : "transaction";
    this.#coordinator = new CoordinatorClient({
      ...{ kafka, clock, coordinates, key: transactionalId ?? "", signal, onRetry },
    });
  }

  get isOpen(): boolean {
    return this.#openSinceMs !== undefined;
  }

  /** A new identity; fences whoever has the transactional id. @throws ClickstreamError PRODUCE_DENIED */
  initialise(): Promise<ProducerIdentity> {
    return this.#initialise();
  }

  /** Starts a transaction, so far only here. */
  begin(): void {
    assert(this.#options.transactionalId !== null, "transactions need a transactional id");
    assert(!this.isOpen, "one transaction at a time");
    this.#openSinceMs = this.#options.clock.nowMs();
  }

  /** @throws ClickstreamError PRODUCER_FENCED, TRANSACTION_LOST, PRODUCE_DENIED */
  async addPartitions(topic: string, partitions: readonly number[]): Promise<void> {
    this.#isKnown = true;
    await this.#ask(
      this.#coordinator,
      addPartitionsToTransaction(this.#id, this.identity, topic, partitions),
      `writing to topic ${topic}`,
    );
  }

  /** @throws ClickstreamError PRODUCER_FENCED, TRANSACTION_LOST, PRODUCE_DENIED */
  async commit(offsets: readonly GroupOffset[]): Promise<void> {
    assert(this.isOpen, "only an open transaction is committed");
    for (const offset of offsets) {
      this.#isKnown = true;
      const what = `committing offsets of group ${offset.group}`;
      await this.#ask(
        this.#coordinator,
        addOffsetsToTransaction(this.#id, this.identity, offset.group),
        what,
      );
      const group = this.#groupCoordinator(offset.group);
      await this.#ask(group, commitOffsetInTransaction(this.#id, this.identity, offset), what);
    }
    if (this.#isKnown) {
      await this.#ask(
        this.#coordinator,
        endTransaction(this.#id, this.identity, true),
        "ending a transaction",
      );
    }
    this.#ended();
  }

  /**
   * Aborts the open transaction and raises the epoch, so that nothing sent before can arrive any more.
   * @throws ClickstreamError PRODUCER_FENCED
   */
  async abort(): Promise<ProducerIdentity> {
    const timedOut = this.#hasTimedOut();
    if (this.#isKnown && !timedOut) {
      // Any answer will do: if it had no effect, raising the epoch aborts too, or is refused.
      await this.#coordinator.ask(endTransaction(this.#id, this.identity, false), (errorCode) => errorCode);
    }
    const identity = await this.#initialise(timedOut ? undefined : this.identity);
    this.#ended();
    return identity;
  }

  /** What it means that Kafka refuses the epoch: the transaction's own time-out raises it just as a rival does. */
  fencedError(): ClickstreamError {
    return this.#hasTimedOut() ? transactionLost("it was open for too long.") : producerFenced(this.#id);
  }

  close(): void {
    this.#coordinator.close();
    for (const group of this.#groups.values()) group.close();
  }

  get #id(): string {
    assert(this.#options.transactionalId !== null);
    return this.#options.transactionalId;
  }

  async #initialise(current?: ProducerIdentity): Promise<ProducerIdentity> {
    const { transactionalId, transactionTimeoutMs } = this.#options;
    const call = initProducerId(transactionalId, transactionTimeoutMs, current);
    const answer = await this.#coordinator.ask(call, ({ errorCode }) => errorCode);
    if (outcomeOf(answer.errorCode) === "fenced") throw producerFenced(this.#id);
    if (answer.errorCode !== 0) {
      throw produceDenied(
        transactionalId === null ? "idempotent writing" : `the transactional id ${transactionalId}`,
        answer.errorCode,
      );
    }
    this.identity = { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
    return this.identity;
  }

  async #ask(coordinator: CoordinatorClient, call: Call<number>, what: string): Promise<void> {
    const errorCode = await coordinator.ask(call, (code) => code);
    switch (outcomeOf(errorCode)) {
      case "done":
        return;
      case "fenced":
        throw this.fencedError();
      case "lost":
        throw transactionLost(errorName(errorCode));
      default:
        throw produceDenied(what, errorCode);
    }
  }

  #groupCoordinator(group: string): CoordinatorClient {
    const { kafka, clock, signal, onRetry } = this.#options;
    let client = this.#groups.get(group);
    if (client === undefined) {
      client = new CoordinatorClient({ kafka, clock, coordinates: "group", key: group, signal, onRetry });
      this.#groups.set(group, client);
    }
    return client;
  }

  #hasTimedOut(): boolean {
    const { clock, transactionTimeoutMs } = this.#options;
    return this.#openSinceMs !== undefined && clock.nowMs() - this.#openSinceMs >= transactionTimeoutMs;
  }

  #ended(): void {
    this.#openSinceMs = undefined;
    this.#isKnown = false;
  }
}
