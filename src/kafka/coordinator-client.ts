import type { Clock } from "../core/clock.ts";
import { ClickstreamError } from "../core/errors.ts";
import { connectToAny } from "./bootstrap.ts";
import { BrokerConnection, connectionLost } from "./connection.ts";
import { errorSentence } from "./error-names.ts";
import { isFinal } from "./final-errors.ts";
import type { KafkaOptions } from "./options.ts";
import { outcomeOf, produceDenied } from "./producer-errors.ts";
import { type Call, findCoordinator } from "./transaction-messages.ts";

/** Called with the reason each time before something is asked again. */
export type RetryListener = (reason: string) => void;

export interface CoordinatorClientOptions {
  kafka: KafkaOptions;
  clock: Clock;
  /** What is coordinated: requests go to the broker that coordinates `key`; with `any`, to whichever answers. */
  coordinates: "group" | "transaction" | "any";
  key: string;
  /** Ends every wait with an error. */
  signal: AbortSignal;
  onRetry: RetryListener;
}

/** The end of the transaction before is still being written: a matter of milliseconds. */
const CONCURRENT_TRANSACTIONS = 51;
const UNSTABLE_OFFSET_COMMIT = 88;

/** Asks the broker that coordinates a group or a transactional id, again and again until it gets a final answer. */
export class CoordinatorClient {
  readonly #options: CoordinatorClientOptions;
  #connection: BrokerConnection | undefined;

  constructor(options: CoordinatorClientOptions) {
    this.#options = options;
  }

  /**
   * Repeats the call while its error code may go away by itself, or the broker does: the call must be safe to repeat.
   * @returns the first answer whose error code is final (0 included)
   * @throws ClickstreamError when the signal aborts
   */
  async ask<T>(call: Call<T>, errorCodeOf: (answer: T) => number): Promise<T> {
    const { clock, signal, onRetry } = this.#options;
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted();
      let delayMs = Math.min(2_000, 100 * 2 ** attempt);
      try {
        this.#connection ??= await this.#connect();
        const answer = call.read(await this.#connection.call(call.api, [call.body]));
        const errorCode = errorCodeOf(answer);
        if (outcomeOf(errorCode) !== "retry") return answer;
        if (errorCode === CONCURRENT_TRANSACTIONS || errorCode === UNSTABLE_OFFSET_COMMIT)
          delayMs = Math.min(100, 2 ** attempt);
        else {
          this.#disconnect();
          onRetry(errorSentence(errorCode));
        }
      } catch (error) {
        if (!(error instanceof ClickstreamError) || isFinal(error)) throw error;
        this.#disconnect();
        onRetry(error.message);
      }
      await clock.sleep(delayMs, signal);
    }
  }

  close(): void {
    this.#disconnect();
  }

  async #connect(): Promise<BrokerConnection> {
    const { kafka, coordinates, key, signal } = this.#options;
    const bootstrap = await connectToAny(kafka);
    if (coordinates === "any") return bootstrap;
    try {
      const call = findCoordinator(coordinates, key);
      const found = call.read(await bootstrap.call(call.api, [call.body]));
      if (outcomeOf(found.errorCode) === "denied") throw produceDenied(`the use of ${key}`, found.errorCode);
      if (found.errorCode !== 0) throw connectionLost("the bootstrap broker", errorSentence(found.errorCode));
      const connection = await BrokerConnection.connect({
        ...found,
        clientId: kafka.clientId,
        security: kafka.security,
      });
      if (signal.aborted) connection.close();
      return connection;
    } finally {
      bootstrap.close();
    }
  }

  #disconnect(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}
