import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Commands } from "./commands.ts";
import type { StreamingQueryCommandSchema } from "./generated/spark/connect/commands_pb.js";
import { type ProgressReport, parseProgress } from "./progress-report.ts";
import { SparkError } from "./spark-error.ts";

type QueryCommand = NonNullable<MessageInitShape<typeof StreamingQueryCommandSchema>["command"]>;

/** What a query does now. */
export interface StreamingStatus {
  /** In Spark's words. */
  message: string;
  isActive: boolean;
  isDataAvailable: boolean;
  isTriggerActive: boolean;
}

/** A streaming query that runs, or ran, at the server. Every method asks the server. */
export class StreamingQuery {
  readonly name: string | null;
  readonly #session: Commands;
  readonly #instance: { id: string; runId: string };

  constructor(session: Commands, instance: { id: string; runId: string }, name: string | null) {
    this.#session = session;
    this.#instance = instance;
    this.name = name;
  }

  /** Stays the same over restarts from one checkpoint. */
  get id(): string {
    return this.#instance.id;
  }

  /** Of this start. */
  get runId(): string {
    return this.#instance.runId;
  }

  /** @throws SparkError */
  async status(): Promise<StreamingStatus> {
    const result = await this.#ask({ case: "status", value: true });
    if (result?.case !== "status") throw unanswered("status");
    const { statusMessage: message, isActive, isDataAvailable, isTriggerActive } = result.value;
    return { message, isActive, isDataAvailable, isTriggerActive };
  }

  /** Of the latest batch; undefined before the first. @throws SparkError */
  async lastProgress(): Promise<ProgressReport | undefined> {
    return (await this.#progress("lastProgress")).at(-1);
  }

  /** Of the latest batches, oldest first, as many as Spark keeps (100). @throws SparkError */
  recentProgress(): Promise<ProgressReport[]> {
    return this.#progress("recentProgress");
  }

  /** Why the query ended; undefined when it runs or was stopped. @throws SparkError when that can't be asked */
  async exception(): Promise<SparkError | undefined> {
    const result = await this.#ask({ case: "exception", value: true });
    if (result?.case !== "exception") return undefined;
    const { exceptionMessage, errorClass, stackTrace } = result.value;
    return exceptionMessage === undefined
      ? undefined
      : endedBecause(this.name, exceptionMessage, errorClass, stackTrace);
  }

  /** The plan of the latest batch, as Spark prints it. @throws SparkError */
  async explain(extended = false): Promise<string> {
    const result = await this.#ask({ case: "explain", value: { extended } });
    return result?.case === "explain" ? result.value.result : "";
  }

  /** Ends the query, and waits for a batch that is under way to stop. @throws SparkError */
  async stop(): Promise<void> {
    await this.#ask({ case: "stop", value: true });
  }

  /** Waits until all that the source had when asked is processed. @throws SparkError */
  async processAllAvailable(signal?: AbortSignal): Promise<void> {
    await this.#ask({ case: "processAllAvailable", value: true }, signal);
  }

  /**
   * Waits for the query's end, at most so long; returns whether it ended.
   * @throws SparkError when the query ended by an error
   */
  async awaitTermination(timeoutMs?: number, signal?: AbortSignal): Promise<boolean> {
    const value = timeoutMs === undefined ? {} : { timeoutMs: BigInt(timeoutMs) };
    const result = await this.#ask({ case: "awaitTermination", value }, signal);
    return result?.case === "awaitTermination" && result.value.terminated;
  }

  async #progress(which: "lastProgress" | "recentProgress"): Promise<ProgressReport[]> {
    const result = await this.#ask({ case: which, value: true });
    if (result?.case !== "recentProgress") return [];
    return result.value.recentProgressJson.filter((json) => json !== "").map(parseProgress);
  }

  async #ask(command: QueryCommand, signal?: AbortSignal) {
    const responses = await this.#session.command(
      { case: "streamingQueryCommand", value: { queryId: this.#instance, command } },
      signal,
    );
    for (const { responseType } of responses) {
      if (responseType.case === "streamingQueryCommandResult") return responseType.value.resultType;
    }
    return undefined;
  }
}

/** The error of a query that ended by itself. */
export function endedBecause(
  name: string | null,
  message: string,
  errorClass: string | null | undefined,
  cause?: unknown,
): SparkError {
  const first = message.split("\n").find((line) => line.trim() !== "") ?? "";
  return new SparkError(
    {
      code: "SPARK_FAILED",
      message: `Spark ended the query ${name ?? "without a name"}: ${first.trim()}`,
      nextStep: "The whole reason is in the log of the Connect server.",
      cause: cause ?? message,
    },
    { errorClass: errorClass ?? null },
  );
}

function unanswered(what: string): Error {
  return new Error(`A request for ${what} was answered without it.`);
}
