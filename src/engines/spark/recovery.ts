import type { Clock } from "../../core/clock.ts";
import { ClickstreamError } from "../../core/errors.ts";
import { SparkError } from "./connect/spark-error.ts";
import { QueryFailure } from "./running-job.ts";

/** A server that restarts on a busy machine takes a minute or two; one that is away for longer is a matter for people. */
const PATIENCE_MS = 600_000;
/** Failures of queries or sessions without a finished batch between them. What fails so often fails for good. */
const MAX_FAILURES = 4;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;

/** What was made for another query or setting fails the same way each time. */
const MISFIT =
  /SCHEMA_NOT_COMPATIBLE|INCOMPATIBLE|CHECKPOINT|STATE_STORE.*(?:SCHEMA|INVALID)|CONCURRENT_QUERY/;
const LOST = /DATA_LOSS|data may have been lost|OffsetOutOfRange/i;

/** What to do about a failure. */
export type Verdict =
  /** Submit again, in the same session or in a new one, after a pause. */
  { again: true; newSession: boolean; delayMs: number } | { again: false; error: unknown };

/** Decides which failures are worth another try, and how long to wait. */
export class Recovery {
  readonly #clock: Clock;
  #outageSinceMs: number | undefined;
  #wasReached = false;
  #failures = 0;
  #tries = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The server answered: from now on it may be away for a while. */
  reached(): void {
    this.#wasReached = true;
  }

  /** A batch was finished: all is well again. */
  progressed(): void {
    this.#outageSinceMs = undefined;
    this.#failures = 0;
    this.#tries = 0;
  }

  judge(failure: unknown): Verdict {
    if (failure instanceof QueryFailure) {
      const final = finalError(failure);
      if (final !== undefined) return { again: false, error: final };
      return ++this.#failures > MAX_FAILURES ? { again: false, error: failure.error } : this.#again(false);
    }
    if (!(failure instanceof SparkError)) return { again: false, error: failure };
    if (failure.code === "SPARK_UNREACHABLE") {
      this.#outageSinceMs ??= this.#clock.monotonicMs();
      const tooLong = this.#clock.monotonicMs() - this.#outageSinceMs > PATIENCE_MS;
      return tooLong || !this.#wasReached ? { again: false, error: failure } : this.#again(false);
    }
    const isGone = failure.code === "SPARK_SESSION_GONE" || failure.code === "SPARK_OPERATION_GONE";
    if (!isGone || ++this.#failures > MAX_FAILURES) return { again: false, error: failure };
    return this.#again(failure.code === "SPARK_SESSION_GONE");
  }

  #again(newSession: boolean): Verdict {
    const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#tries++);
    return { again: true, newSession, delayMs };
  }
}

/** The error of a query that would fail again; undefined when another try may help. */
function finalError({ query, error }: QueryFailure): ClickstreamError | undefined {
  const said = `${error.errorClass} ${error.message}`;
  if (LOST.test(said)) {
    return new ClickstreamError({
      code: "DATA_LOST",
      message: `Kafka no longer holds records that the query ${query} has to read next (${error.message}).`,
      nextStep: "Restore the topic, use another --output, or start over with --fresh.",
      cause: error,
    });
  }
  if (MISFIT.test(said)) {
    return new ClickstreamError({
      code: "CHECKPOINT_MISFIT",
      message: `The checkpoint of the query ${query} does not fit it (${error.message}).`,
      nextStep: `Declare ${query} as it was when its checkpoint was made, use another --output, or start over with --fresh.`,
      cause: error,
    });
  }
  return undefined;
}
