import type { Clock } from "../../core/clock.ts";
import type { ProgressReport } from "./connect/progress-report.ts";
import type { SparkSession } from "./connect/session.ts";
import type { SparkError } from "./connect/spark-error.ts";
import type { StreamingQuery } from "./connect/streaming-query.ts";

/** Looks for ended queries so often; it also keeps the session alive, which an open stream of events does not. */
const LOOK_EVERY_MS = 5_000;

/** A query of the job that ended by an error. */
export class QueryFailure extends Error {
  readonly query: string;
  readonly error: SparkError;

  constructor(query: string, error: SparkError) {
    super(error.message, { cause: error });
    this.query = query;
    this.error = error;
  }
}

export interface WatchOptions {
  clock: Clock;
  signal: AbortSignal;
  /** A batch of a query was finished; the same report may come again. */
  onProgress(query: string, report: ProgressReport): void;
}

/**
 * Watches running queries until all have ended, or the signal aborts.
 * @throws QueryFailure when one ended by an error; SparkError when the session or the server is gone
 */
export async function watchQueries(
  session: SparkSession,
  queries: readonly StreamingQuery[],
  options: WatchOptions,
): Promise<void> {
  const watch = new Watch(session, queries, options);
  await watch.run();
}

class Watch {
  readonly #session: SparkSession;
  readonly #options: WatchOptions;
  /** By run. */
  readonly #open: Map<string, StreamingQuery>;
  readonly #ended = new AbortController();
  /** By run; Spark tells of their end shortly before it counts them as ended. */
  readonly #terminated = new Set<string>();
  #failure: unknown;
  /** Aborts when there is something to look at before the time. */
  #attention = new AbortController();

  constructor(session: SparkSession, queries: readonly StreamingQuery[], options: WatchOptions) {
    this.#session = session;
    this.#options = options;
    this.#open = new Map(queries.map((query) => [query.runId, query]));
  }

  async run(): Promise<void> {
    const { clock, signal } = this.#options;
    const listening = this.#listen(AbortSignal.any([signal, this.#ended.signal])).catch((error: unknown) => {
      this.#failure ??= error;
      this.#attention.abort();
    });
    try {
      for (const query of this.#open.values()) await this.#catchUp(query);
      while (this.#open.size > 0 && !signal.aborted) {
        await this.#settle();
        if (this.#failure !== undefined) throw this.#failure;
        if (this.#open.size === 0) return;
        await clock.sleep(LOOK_EVERY_MS, AbortSignal.any([signal, this.#attention.signal]));
        if (this.#attention.signal.aborted) this.#attention = new AbortController();
      }
    } finally {
      this.#ended.abort();
      await listening;
    }
  }

  async #listen(signal: AbortSignal): Promise<void> {
    for await (const event of this.#session.streams.events({ signal })) {
      if (event.kind === "terminated") {
        this.#terminated.add(event.runId);
        this.#attention.abort();
      }
      if (event.kind !== "progress") continue;
      const name = this.#open.get(event.progress.runId)?.name;
      if (name) this.#options.onProgress(name, event.progress);
    }
  }

  /** What happened before the events were listened to, or was missed. */
  async #catchUp(query: StreamingQuery): Promise<void> {
    for (const report of await query.recentProgress()) this.#options.onProgress(query.name ?? "", report);
  }

  async #settle(): Promise<void> {
    const active = new Set((await this.#session.streams.active()).map(({ runId }) => runId));
    for (const [runId, query] of this.#open) {
      if (active.has(runId) && !this.#terminated.has(runId)) continue;
      await this.#catchUp(query);
      const error = await query.exception();
      if (error !== undefined) throw new QueryFailure(query.name ?? "", error);
      this.#open.delete(runId);
    }
  }
}
