import type { Clock } from "../../core/clock.ts";
import type { ClickstreamError } from "../../core/errors.ts";
import type { Sink, WindowRows } from "../sink.ts";
import { PostgresFailure } from "./postgres-errors.ts";

/** Name of a window of a query. */
export type WindowKey = Pick<WindowRows, "query" | "windowStartMs">;

/** By query: windows that start before it, ms since the epoch, are no longer kept. */
export type KeptFrom = ReadonlyMap<string, number>;

/** The final windows that are to be copied. */
export interface ResultWindows {
  /** All of them. */
  list(): Promise<WindowKey[]>;
  /** Their rows, in the order of the keys within a query. Those that are there no longer are left out. */
  read(keys: readonly WindowKey[]): AsyncIterable<WindowRows>;
  /** Queries that keep everything are left out. */
  keptFrom(): Promise<KeptFrom>;
}

/** A sink that knows what it holds. */
export interface FollowingSink extends Sink {
  /** Starts of the windows that are there, by query, ms since the epoch. */
  written(): Promise<ReadonlyMap<string, ReadonlySet<number>>>;
  /** Forgets windows that are no longer kept. */
  dropBefore(keptFrom: KeptFrom): Promise<void>;
}

/** What a follower works with. */
export interface TreeFollowerOptions {
  clock: Clock;
  source: ResultWindows;
  sink: FollowingSink;
  /** Something failed that may pass; it is tried again, and nothing else waits for it. */
  onTrouble(failure: ClickstreamError): void;
  /** It works again. */
  onRecovered(): void;
}

/** How far a follower is; plain data. */
export interface FollowerSnapshot {
  /** Windows and rows written in this run. */
  windows: number;
  rows: number;
  /** Windows that are known and not written yet. */
  waiting: number;
  /** Code of what stands in the way; null when nothing does. */
  trouble: string | null;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** Handed over at once, while as much is read. */
const BATCH_BYTES = 8 << 20;
const BATCH_WINDOWS = 1_000;

/**
 * Copies the windows of an output tree into a sink: first all that the sink lacks, then each as it comes. What the sink
 * lacks is asked again after every failure, so that it does not matter what became of anything that was under way. The
 * tree is durable and never changes, so nothing is lost while the sink is away, and nobody waits for it.
 */
export class TreeFollower {
  readonly #options: TreeFollowerOptions;
  readonly #stop = new AbortController();
  readonly #failed = Promise.withResolvers<never>();
  readonly #waiting = new Map<string, WindowKey>();
  /** Whether the sink was asked what it lacks since somebody last wanted that. */
  #compared = false;
  #idle = Promise.withResolvers<void>();
  #isIdle = false;
  #wake = Promise.withResolvers<void>();
  #trouble: ClickstreamError | undefined;
  #failure: unknown;
  #written = { windows: 0, rows: 0 };
  #running: Promise<void> = Promise.resolve();

  constructor(options: TreeFollowerOptions) {
    this.#options = options;
    this.#failed.promise.catch(() => {});
  }

  /** Begins to copy. @throws what the first look at the sink throws, unless it may pass */
  async start(): Promise<void> {
    try {
      await this.#compare();
    } catch (error) {
      if (!mayPass(error)) throw error;
      this.#troubled(error);
    }
    this.#running = this.#run();
  }

  /** Rejects when the sink fails for good. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  get snapshot(): FollowerSnapshot {
    return { ...this.#written, waiting: this.#waiting.size, trouble: this.#trouble?.code ?? null };
  }

  /** Windows that are in the tree now. */
  add(keys: Iterable<WindowKey>): void {
    for (const { query, windowStartMs } of keys) {
      this.#waiting.set(`${query}/${windowStartMs}`, { query, windowStartMs });
    }
    this.#awake();
  }

  /** The tree may have windows that nobody has named, or keep fewer than before. */
  lookAgain(): void {
    this.#compared = false;
    this.#awake();
  }

  /** Resolves when the sink has what the tree has, or when the signal aborts. @throws as `failed` */
  async caughtUp(signal: AbortSignal): Promise<void> {
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    const onAbort = (): void => resolve();
    signal.addEventListener("abort", onAbort);
    this.lookAgain();
    try {
      while (this.#failure === undefined && !signal.aborted && !this.#isIdle) {
        await Promise.race([this.#idle.promise, aborted, this.failed]);
      }
      if (this.#failure !== undefined) throw this.#failure;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Ends; what is under way is undone by the sink. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake.resolve();
    await this.#options.sink.close();
    await this.#running;
    await this.#options.sink.close(); // it may have been connecting
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; ) {
      try {
        if (!this.#compared) await this.#compare();
        await this.#copyWaiting();
        await this.#drop();
        this.#recovered();
        pauseMs = FIRST_PAUSE_MS;
        await this.#rest();
      } catch (error) {
        if (signal.aborted) return;
        this.#compared = false;
        if (!mayPass(error)) {
          this.#failure = error;
          return this.#failed.reject(error);
        }
        this.#troubled(error);
        await clock.sleep(pauseMs, signal);
        pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      }
    }
  }

  #awake(): void {
    this.#isIdle = false;
    this.#wake.resolve();
  }

  /** Until there is something to do. */
  async #rest(): Promise<void> {
    if (!this.#compared || this.#waiting.size > 0 || this.#stop.signal.aborted) return;
    this.#isIdle = true;
    this.#idle.resolve();
    this.#idle = Promise.withResolvers();
    this.#wake = Promise.withResolvers();
    await this.#wake.promise;
  }

  /** Copies what waits now; a batch is written while the next is read. */
  async #copyWaiting(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const taken = new Map(this.#waiting);
    let writing: Promise<void> = Promise.resolve();
    try {
      for await (const batch of batches(this.#options.source.read([...taken.values()]))) {
        await writing;
        if (this.#stop.signal.aborted) return;
        writing = this.#write(batch, taken);
        writing.catch(() => {}); // thrown where it is awaited
      }
      await writing;
    } finally {
      await writing.catch(() => {}); // nothing is under way when the next step begins
    }
    this.#forget(taken, taken.keys()); // what was not read is there no longer
  }

  async #write(entries: readonly WindowRows[], taken: ReadonlyMap<string, WindowKey>): Promise<void> {
    await this.#options.sink.write(entries);
    this.#forget(
      taken,
      entries.map(({ query, windowStartMs }) => `${query}/${windowStartMs}`),
    );
    this.#written.windows += entries.length;
    this.#written.rows += entries.reduce((sum, { rowCount }) => sum + rowCount, 0);
    this.#recovered();
  }

  /** One that was added again meanwhile goes on waiting. */
  #forget(taken: ReadonlyMap<string, WindowKey>, names: Iterable<string>): void {
    for (const name of names) if (this.#waiting.get(name) === taken.get(name)) this.#waiting.delete(name);
  }

  /** Behind the copying: whoever reads an old day may keep it from being dropped. */
  async #drop(): Promise<void> {
    const { source, sink } = this.#options;
    await sink.dropBefore(await source.keptFrom());
  }

  /** Finds what the sink lacks, the oldest first. */
  async #compare(): Promise<void> {
    const { source, sink } = this.#options;
    this.#compared = true;
    try {
      const written = await sink.written();
      const lacking = (await source.list()).filter(
        ({ query, windowStartMs }) => written.get(query)?.has(windowStartMs) !== true,
      );
      this.add(lacking.sort((a, b) => a.windowStartMs - b.windowStartMs));
    } catch (error) {
      this.#compared = false;
      throw error;
    }
  }

  #troubled(failure: ClickstreamError): void {
    this.#trouble = failure;
    this.#options.onTrouble(failure);
  }

  #recovered(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#options.onRecovered();
  }
}

async function* batches(windows: AsyncIterable<WindowRows>): AsyncGenerator<WindowRows[]> {
  let batch: WindowRows[] = [];
  let bytes = 0;
  for await (const window of windows) {
    batch.push(window);
    bytes += window.bytes.length;
    if (batch.length < BATCH_WINDOWS && bytes < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

function mayPass(error: unknown): error is ClickstreamError {
  return error instanceof PostgresFailure && error.passes;
}
