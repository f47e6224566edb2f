import type { Logger } from "./log.ts";

/** Parts of a program that run together: started in order, stopped in reverse. */
export class Lifecycle {
  readonly #running: { name: string; stop: () => Promise<unknown> }[] = [];
  readonly #log: Logger;
  readonly #stopRequested: AbortSignal;

  constructor(log: Logger, stopRequested: AbortSignal) {
    this.#log = log;
    this.#stopRequested = stopRequested;
  }

  /**
   * Starts a part; it is stopped when the lifecycle ends. A part whose start fails must leave nothing behind itself.
   * @throws StopRequested instead of starting anything once a stop was asked for; whatever the start throws.
   */
  async start<P>(name: string, start: () => Promise<P>, stop: (part: P) => Promise<unknown>): Promise<P> {
    this.throwIfStopping();
    this.#log.debug(`starting ${name}`);
    const part = await start();
    this.#running.push({ name, stop: () => stop(part) });
    return part;
  }

  /** @throws StopRequested once a stop was asked for. */
  throwIfStopping(): void {
    if (this.#stopRequested.aborted) throw new StopRequested();
  }

  /** Stops everything in reverse order, also what comes before a part that fails to stop. Returns the failures. */
  async stopAll(): Promise<unknown[]> {
    const failures: unknown[] = [];
    for (let part = this.#running.pop(); part !== undefined; part = this.#running.pop()) {
      this.#log.debug(`stopping ${part.name}`);
      try {
        await part.stop();
      } catch (error) {
        this.#log.error({ err: error }, `${part.name} did not stop in order`);
        failures.push(error);
      }
    }
    return failures;
  }
}

/** Unwinds a start when the person changed their mind; not a failure. */
export class StopRequested extends Error {
  override readonly name = "StopRequested";
}

/**
 * Runs `body` and afterwards stops all that it started, whether it returned or threw. Returns undefined when it was
 * unwound by `StopRequested`.
 * @throws what `body` threw, else the first failure to stop.
 */
export async function withLifecycle<R>(
  { log, stopRequested }: { log: Logger; stopRequested: AbortSignal },
  body: (lifecycle: Lifecycle) => Promise<R>,
): Promise<R | undefined> {
  const lifecycle = new Lifecycle(log, stopRequested);
  let result: R | undefined;
  try {
    result = await body(lifecycle);
  } catch (error) {
    await lifecycle.stopAll();
    if (error instanceof StopRequested) return undefined;
    throw error;
  }
  const failures = await lifecycle.stopAll();
  if (failures.length > 0) throw failures[0];
  return result;
}
