import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Clock } from "../../../core/clock.ts";
import type { Commands } from "./commands.ts";
import type { StreamingQueryManagerCommandSchema } from "./generated/spark/connect/commands_pb.js";
import { type StreamingEvent, streamingEvents } from "./streaming-events.ts";
import { StreamingQuery } from "./streaming-query.ts";

type ManagerCommand = NonNullable<MessageInitShape<typeof StreamingQueryManagerCommandSchema>["command"]>;

/** The streaming queries of a session. */
export class StreamingQueries {
  readonly #session: Commands;
  readonly #clock: Clock;

  constructor(session: Commands, clock: Clock) {
    this.#session = session;
    this.#clock = clock;
  }

  /** Those that run. @throws SparkError */
  async active(): Promise<StreamingQuery[]> {
    const result = await this.#ask({ case: "active", value: true });
    if (result?.case !== "active") return [];
    return result.value.activeQueries.flatMap(({ id, name }) =>
      id === undefined ? [] : [new StreamingQuery(this.#session, id, name ?? null)],
    );
  }

  /** The running query with an id; undefined when none has it. @throws SparkError */
  async get(id: string): Promise<StreamingQuery | undefined> {
    const result = await this.#ask({ case: "getQuery", value: id });
    if (result?.case !== "query" || result.value.id === undefined) return undefined;
    return new StreamingQuery(this.#session, result.value.id, result.value.name ?? null);
  }

  /** Forgets queries that ended, for the next `awaitAnyTermination`. @throws SparkError */
  async resetTerminated(): Promise<void> {
    await this.#ask({ case: "resetTerminated", value: true });
  }

  /**
   * What happens to the session's queries from now on: pushed by the server, or, where that is not to be had, looked for
   * every `pollEveryMs` (1 s). An open stream of events does not keep a session alive.
   * @throws SparkError while iterating
   */
  events(options: { pollEveryMs?: number; signal?: AbortSignal } = {}): AsyncIterable<StreamingEvent> {
    return streamingEvents({
      session: this.#session,
      active: () => this.active(),
      clock: this.#clock,
      ...options,
    });
  }

  async #ask(command: ManagerCommand) {
    const responses = await this.#session.command({
      case: "streamingQueryManagerCommand",
      value: { command },
    });
    for (const { responseType } of responses) {
      if (responseType.case === "streamingQueryManagerCommandResult") return responseType.value.resultType;
    }
    return undefined;
  }
}
