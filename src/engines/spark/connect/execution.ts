import { randomUUID } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Connection } from "./connection.ts";
import type { ExecutePlanResponse, PlanSchema } from "./generated/spark/connect/base_pb.js";
import { handleProblem, isTransient } from "./spark-error.ts";

export type Plan = MessageInitShape<typeof PlanSchema>;

/** The server keeps what was sent until it is told that it arrived. */
const RELEASE_EVERY_BYTES = 4 * 1024 * 1024;
/** A server ends long streams now and then, on purpose; one that stood for so long is no failure. */
const LONG_STREAM_MS = 10_000;

/**
 * Executes a plan and yields its responses in order, each once, over as many streams as it takes: when one breaks or ends
 * early, the execution goes on at the server, and another stream is attached behind the last response. Leaving the loop
 * early ends the execution.
 * @throws SparkError
 */
export async function* execute(
  connection: Connection,
  plan: Plan,
  signal?: AbortSignal,
): AsyncGenerator<ExecutePlanResponse, void, undefined> {
  const execution = new Execution(connection, plan, signal);
  try {
    yield* execution.responses();
  } finally {
    execution.release();
  }
}

class Execution {
  readonly #connection: Connection;
  readonly #plan: Plan;
  readonly #signal: AbortSignal | undefined;
  readonly #operationId = randomUUID();
  /** Whether the server is known to have the execution. */
  #begun = false;
  #lastResponseId: string | undefined;
  #unreleasedBytes = 0;

  constructor(connection: Connection, plan: Plan, signal: AbortSignal | undefined) {
    this.#connection = connection;
    this.#plan = plan;
    this.#signal = signal;
  }

  async *responses(): AsyncGenerator<ExecutePlanResponse, void, undefined> {
    const { clock } = this.#connection;
    const retries = this.#connection.retries();
    let attached = false;
    for (;;) {
      const startedMs = clock.monotonicMs();
      let failure: ConnectError | undefined;
      try {
        for await (const response of attached ? this.#attach() : this.#start()) {
          retries.progressed();
          this.#arrived(response);
          if (response.responseType.case === "resultComplete") return;
          yield response;
        }
        if (clock.monotonicMs() - startedMs > LONG_STREAM_MS) retries.progressed();
        attached = true;
      } catch (thrown) {
        this.#signal?.throwIfAborted();
        failure = ConnectError.from(thrown);
        const neverArrived: boolean =
          attached && !this.#begun && handleProblem(failure) === "OPERATION_NOT_FOUND";
        if (!neverArrived && !isTransient(failure)) throw await this.#connection.told(failure);
        attached = !neverArrived;
      }
      if (await retries.again(this.#signal)) continue;
      this.#signal?.throwIfAborted();
      throw await this.#connection.told(
        failure ?? new ConnectError("its answers end before they are complete", Code.Unavailable),
      );
    }
  }

  /** Lets the server forget the execution, or end it when it runs. Nobody waits for that. */
  release(): void {
    this.#send({ case: "releaseAll", value: {} });
  }

  #start(): AsyncIterable<ExecutePlanResponse> {
    return this.#connection.client.executePlan(
      {
        ...this.#connection.identity(),
        operationId: this.#operationId,
        plan: this.#plan,
        requestOptions: [{ requestOption: { case: "reattachOptions", value: { reattachable: true } } }],
      },
      this.#options(),
    );
  }

  #attach(): AsyncIterable<ExecutePlanResponse> {
    return this.#connection.client.reattachExecute(
      {
        ...this.#connection.identity(),
        operationId: this.#operationId,
        ...(this.#lastResponseId === undefined ? {} : { lastResponseId: this.#lastResponseId }),
      },
      this.#options(),
    );
  }

  #options(): { signal?: AbortSignal } {
    return this.#signal === undefined ? {} : { signal: this.#signal };
  }

  #arrived(response: ExecutePlanResponse): void {
    this.#begun = true;
    this.#lastResponseId = response.responseId;
    this.#connection.observe(response);
    const { responseType } = response;
    if (responseType.case === "arrowBatch") this.#unreleasedBytes += responseType.value.data.length;
    if (this.#unreleasedBytes < RELEASE_EVERY_BYTES) return;
    this.#unreleasedBytes = 0;
    this.#send({ case: "releaseUntil", value: { responseId: response.responseId } });
  }

  #send(
    release: { case: "releaseAll"; value: object } | { case: "releaseUntil"; value: { responseId: string } },
  ): void {
    const { client } = this.#connection;
    client
      .releaseExecute({ ...this.#connection.identity(), operationId: this.#operationId, release })
      .catch(() => {}); // the server forgets it by itself after some minutes
  }
}
