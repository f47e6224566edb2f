/** What a `ClickstreamError` is made of. */
export interface ErrorDetails {
  /** Stable, upper-case, for programs and searches: `KAFKA_UNREACHABLE`. */
  code: string;
  /** What failed and why, one sentence for a person. */
  message: string;
  /** What the person can do next, one sentence. */
  nextStep: string;
  cause?: unknown;
}

/**
 * A failure of something outside the program (a broker, a disk, a setting), told so that a person knows what to do.
 * Bad events are never errors but values with a reason; broken invariants are `AssertionError`s and crash.
 */
export class ClickstreamError extends Error {
  readonly code: string;
  readonly nextStep: string;

  constructor(details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "ClickstreamError";
    this.code = details.code;
    this.nextStep = details.nextStep;
  }
}

/** A setting or argument that can't be used: the command line exits with 2 for it, with 1 for every other error. */
export class UsageError extends ClickstreamError {
  constructor(message: string, nextStep: string) {
    super({ code: "USAGE", message, nextStep });
    this.name = "UsageError";
  }
}
