import { randomUUID } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Table } from "apache-arrow";
import { type Clock, systemClock } from "../../../core/clock.ts";
import { type Row, rowsOf, tableOf } from "./arrow-rows.ts";
import type { Command, Commands } from "./commands.ts";
import { Connection } from "./connection.ts";
import { parseEndpoint } from "./endpoint.ts";
import { execute, type Plan } from "./execution.ts";
import type {
  ConfigRequest_OperationSchema,
  ExecutePlanResponse,
} from "./generated/spark/connect/base_pb.js";
import { type Relation, sqlRelation } from "./relations.ts";
import { DEFAULT_RETRIES, type RetryPolicy } from "./retries.ts";
import { refuseOlderServer } from "./server-version.ts";
import type { SparkError } from "./spark-error.ts";
import { type StreamWrite, startQuery } from "./stream-write.ts";
import { StreamingQueries } from "./streaming-queries.ts";
import type { StreamingQuery } from "./streaming-query.ts";

/** For what costs a server nothing; one that is busy, or makes its first session, takes half a minute at worst. */
const ANSWER_WITHIN_MS = 120_000;

export interface SessionOptions {
  /** Keep it, and another process finds the same session with its queries and views. Default: a new one. */
  sessionId?: string | undefined;
  retries?: RetryPolicy;
  clock?: Clock;
  /** Certificates to trust beside the usual ones, PEM. */
  ca?: string | undefined;
  /** Settings of the session before anything else is asked of it: Spark reads some only once. */
  settings?: Readonly<Record<string, string>>;
  /** Ends the attempt to connect. */
  signal?: AbortSignal;
}

/** A session of a Spark Connect server of version 4.2 or newer. Servers close a session that asks for nothing for long. */
export class SparkSession implements Commands {
  /** UUID by which the server knows the session. */
  readonly sessionId: string;
  /** Such as `4.2.0`. */
  readonly version: string;
  readonly streams: StreamingQueries;
  readonly #connection: Connection;

  private constructor(sessionId: string, version: string, connection: Connection) {
    this.sessionId = sessionId;
    this.version = version;
    this.#connection = connection;
    this.streams = new StreamingQueries(this, connection.clock);
  }

  /**
   * Opens the session, or finds it when the server has it.
   * @param address `sc://host:port/;name=value;…`
   * @throws UsageError for an address that can't be read; SparkError
   */
  static async connect(address: string, options: SessionOptions = {}): Promise<SparkSession> {
    const endpoint = parseEndpoint(address);
    const sessionId = options.sessionId ?? endpoint.sessionId ?? randomUUID();
    const clock = options.clock ?? systemClock;
    const retries = options.retries ?? DEFAULT_RETRIES;
    const connection = new Connection({ endpoint, sessionId, clock, retries, ca: options.ca });
    try {
      await connection.reach(options.signal);
      await setAll(connection, options.settings ?? {}, options.signal).catch(async (error: SparkError) => {
        // An older server may not know them, which is then no fault of theirs.
        if (error.code === "SPARK_FAILED")
          refuseOlderServer(await askVersion(connection, options.signal), connection.server);
        throw error;
      });
      const version = await askVersion(connection, options.signal);
      refuseOlderServer(version, connection.server);
      return new SparkSession(sessionId, version, connection);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Sets settings of this session. @throws SparkError */
  async configure(settings: Readonly<Record<string, string>>): Promise<void> {
    await setAll(this.#connection, settings);
  }

  /** The value of a setting, null when it has none. @throws SparkError */
  async setting(key: string): Promise<string | null> {
    const { pairs } = await askSettings(this.#connection, { case: "getOption", value: { keys: [key] } });
    return pairs[0]?.value ?? null;
  }

  /** The rows of a query, all of them in memory. @throws SparkError */
  async rows(query: string | Relation): Promise<Row[]> {
    return rowsOf(await this.table(query));
  }

  /** The same as an Arrow table. @throws SparkError */
  async table(query: string | Relation): Promise<Table> {
    const root = typeof query === "string" ? sqlRelation(query) : query;
    const parts: Uint8Array[] = [];
    for await (const { responseType } of this.execute({ opType: { case: "root", value: root } })) {
      if (responseType.case === "arrowBatch") parts.push(responseType.value.data);
    }
    return tableOf(parts);
  }

  /** Runs a statement for its effect. @throws SparkError */
  async run(sql: string): Promise<void> {
    await this.command({ case: "sqlCommand", value: { input: sqlRelation(sql) } });
  }

  /** Names a relation in this session, in place of the one that had the name. @throws SparkError */
  async createView(name: string, input: Relation): Promise<void> {
    await this.command({
      case: "createDataframeView",
      value: { name, input, isGlobal: false, replace: true },
    });
  }

  /** Starts a streaming query; it runs at the server until stopped. @throws SparkError */
  start(write: StreamWrite): Promise<StreamingQuery> {
    return startQuery(this, write);
  }

  /** Executes a command and returns its responses. @throws SparkError */
  async command(commandType: Command, signal?: AbortSignal): Promise<ExecutePlanResponse[]> {
    const responses: ExecutePlanResponse[] = [];
    const plan: Plan = { opType: { case: "command", value: { commandType } } };
    for await (const response of this.execute(plan, signal)) responses.push(response);
    return responses;
  }

  /** Executes any plan; see `execute`. */
  execute(plan: Plan, signal?: AbortSignal): AsyncGenerator<ExecutePlanResponse, void, undefined> {
    return execute(this.#connection, plan, signal);
  }

  /** Asks the server something small, so that it does not close the session for idleness. @throws SparkError */
  async keepAlive(): Promise<void> {
    await askVersion(this.#connection);
  }

  /** Ends the session at the server, and its queries with it. @throws SparkError */
  async release(): Promise<void> {
    const { client } = this.#connection;
    try {
      await this.#connection.ask(() => client.releaseSession(this.#connection.identity()));
    } catch (error) {
      // A server without Spark's machine learning closes the session and fails behind that.
      if (!(error instanceof Error && /NoClassDefFoundError|ConnectHelper/.test(String(error.message))))
        throw error;
    } finally {
      this.close();
    }
  }

  /** Lets go of the connection; the session and its queries stay. */
  close(): void {
    this.#connection.close();
  }
}

type SettingsOperation = MessageInitShape<typeof ConfigRequest_OperationSchema>["opType"] & object;

function askSettings(connection: Connection, opType: SettingsOperation, signal?: AbortSignal) {
  const request = () =>
    connection.client.config({ ...connection.identity(), operation: { opType } }, callOptions(signal));
  return connection.ask(request, signal);
}

async function setAll(
  connection: Connection,
  settings: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<void> {
  const pairs = Object.entries(settings).map(([key, value]) => ({ key, value }));
  if (pairs.length > 0) await askSettings(connection, { case: "set", value: { pairs } }, signal);
}

async function askVersion(connection: Connection, signal?: AbortSignal): Promise<string> {
  const request = () =>
    connection.client.analyzePlan(
      { ...connection.identity(), analyze: { case: "sparkVersion", value: {} } },
      callOptions(signal),
    );
  const { result } = await connection.ask(request, signal);
  return result.case === "sparkVersion" ? result.value.version : "";
}

function callOptions(signal: AbortSignal | undefined): { timeoutMs: number; signal?: AbortSignal } {
  return { timeoutMs: ANSWER_WITHIN_MS, ...(signal === undefined ? {} : { signal }) };
}
