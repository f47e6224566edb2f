import type { Clock } from "../../core/clock.ts";
import type { ClickstreamError } from "../../core/errors.ts";
import type { Manifest } from "../../sinks/manifest.ts";
import { PostgresSink } from "../../sinks/postgres/postgres-sink.ts";
import { dropTables, type PostgresOwnership } from "../../sinks/postgres/schema.ts";
import { PostgresSession } from "../../sinks/postgres/session.ts";
import { TreeFollower, type WindowKey } from "../../sinks/postgres/tree-follower.ts";
import type { PostgresDestination } from "../config/postgres.ts";
import type { Logger } from "../log.ts";
import type { PostgresSnapshot } from "../progress/snapshot.ts";
import { resultWindows } from "./result-windows.ts";

const REPEAT_MS = 30_000;

/** What a copy works with. */
export interface PostgresCopyOptions {
  log: Logger;
  clock: Clock;
  destination: PostgresDestination;
  /** The output folder whose windows are copied. */
  output: string;
  /** It can't go on; `end` throws why. */
  onFailed(): void;
}

/** An output tree on its way to PostgreSQL, beside an engine that writes it. */
export class PostgresCopy {
  readonly #options: PostgresCopyOptions;
  #follower: TreeFollower | undefined;

  constructor(options: PostgresCopyOptions) {
    this.#options = options;
  }

  /**
   * Begins once; again is fine. A server that is away is no error: the copy follows when it is back.
   * @throws ClickstreamError when the server can't be used: a refused login, a schema of another output …
   */
  async begin(engine: Manifest["engine"], ownership: PostgresOwnership): Promise<void> {
    if (this.#follower !== undefined) return;
    const { log, clock, destination, output, onFailed } = this.#options;
    const { topic, queries, windows, rules } = ownership;
    const { connection, schema } = destination;
    const warnings = new TroubleWarnings(log, clock);
    const follower = new TreeFollower({
      clock,
      source: resultWindows(output, { engine, queries, windows }),
      sink: new PostgresSink({ connection, schema, ownership: { topic, queries, windows, rules } }),
      onTrouble: (failure) => warnings.trouble(failure),
      onRecovered: () => warnings.recovered(),
    });
    try {
      await follower.start();
    } catch (error) {
      await follower.close();
      throw error;
    }
    this.#follower = follower;
    follower.failed.catch(onFailed);
  }

  /** Windows whose files are durable. */
  add(windows: Iterable<WindowKey>): void {
    this.#follower?.add(windows);
  }

  /** More may be final, or less be kept. */
  lookAgain(): void {
    this.#follower?.lookAgain();
  }

  /** Undefined before it has begun. */
  get snapshot(): PostgresSnapshot | undefined {
    return this.#follower?.snapshot;
  }

  /** Returns when everything is copied, or at once when the signal aborts; then it has ended. @throws what it failed of */
  async end(signal: AbortSignal): Promise<void> {
    try {
      await this.#follower?.caughtUp(signal);
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    await this.#follower?.close();
  }
}

/** Drops the tables of an output that is deleted. @throws PostgresFailure */
export async function dropPostgresTables({ connection, schema }: PostgresDestination): Promise<void> {
  const session = await PostgresSession.open(connection);
  try {
    await dropTables(session, schema);
  } finally {
    await session.close();
  }
}

/** Tells of trouble when it begins, now and again while it lasts, and when it is over. */
class TroubleWarnings {
  readonly #log: Logger;
  readonly #clock: Clock;
  #code: string | undefined;
  #toldMs = 0;

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  trouble({ code, message, nextStep }: ClickstreamError): void {
    const nowMs = this.#clock.monotonicMs();
    if (code === this.#code && nowMs - this.#toldMs < REPEAT_MS) {
      this.#log.debug({ code }, message);
      return;
    }
    this.#code = code;
    this.#toldMs = nowMs;
    this.#log.warn({ code }, `${message} ${nextStep}`);
  }

  recovered(): void {
    this.#code = undefined;
    this.#log.info("PostgreSQL works again");
  }
}
