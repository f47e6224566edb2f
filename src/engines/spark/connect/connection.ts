import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { Clock } from "../../../core/clock.ts";
import { type Endpoint, shownEndpoint } from "./endpoint.ts";
import {
  type ExecutePlanRequestSchema,
  type FetchErrorDetailsResponse,
  SparkConnectService,
} from "./generated/spark/connect/base_pb.js";
import { GreetingError, greet } from "./greeting.ts";
import { Http2Sessions } from "./http2-sessions.ts";
import { Retries, type RetryPolicy } from "./retries.ts";
import { errorInfo, isTransient, type SparkError, sparkError } from "./spark-error.ts";

/** A dead peer is noticed by an unanswered ping. */
const PING_EVERY_MS = 30_000;
const DETAILS_WITHIN_MS = 5_000;
/** A proxy closes connections while the server behind it starts; most that do so are no Spark. */
const CLOSES_FOR_MS = 3_000;
const CLIENT_TYPE = "clickstream";

export interface ConnectionOptions {
  endpoint: Endpoint;
  sessionId: string;
  clock: Clock;
  retries: RetryPolicy;
  /** Certificates to trust beside the usual ones, PEM. */
  ca?: string | undefined;
}

/** What identifies the session in every request. */
type Identity = Pick<
  MessageInitShape<typeof ExecutePlanRequestSchema>,
  "sessionId" | "userContext" | "clientType" | "clientObservedServerSideSessionId"
>;

/** One session's way to its server: HTTP/2, headers, identity, retries, errors told for people. */
export class Connection {
  readonly client: Client<typeof SparkConnectService>;
  readonly clock: Clock;
  readonly server: string;
  readonly #sessionId: string;
  readonly #endpoint: Endpoint;
  readonly #retries: RetryPolicy;
  readonly #ca: string | undefined;
  readonly #http2: Http2Sessions;
  #serverSideSessionId: string | undefined;

  constructor({ endpoint, sessionId, clock, retries, ca }: ConnectionOptions) {
    const baseUrl = `${endpoint.useTls ? "https" : "http"}://${endpoint.host}:${endpoint.port}`;
    this.#endpoint = endpoint;
    this.#sessionId = sessionId;
    this.clock = clock;
    this.#retries = retries;
    this.#ca = ca;
    this.server = shownEndpoint(endpoint);
    this.#http2 = new Http2Sessions(
      baseUrl,
      // Not when idle: the last stream of a connection that was closed would start a ping, which throws for nobody to catch.
      { pingIntervalMs: PING_EVERY_MS, pingIdleConnection: false },
      ca === undefined ? {} : { ca },
    );
    const transport = createGrpcTransport({
      baseUrl,
      sessionManager: this.#http2,
      interceptors: [withHeaders(endpoint)],
      readMaxBytes: endpoint.maxMessageBytes,
      writeMaxBytes: endpoint.maxMessageBytes,
    });
    this.client = createClient(SparkConnectService, transport);
  }

  /** The server's own name for the session travels with each request, so that a restarted server notices. */
  identity(): Identity {
    const userId = this.#endpoint.userId ?? CLIENT_TYPE;
    return {
      sessionId: this.#sessionId,
      userContext: { userId, userName: userId },
      clientType: this.#endpoint.userAgent ?? CLIENT_TYPE,
      ...(this.#serverSideSessionId === undefined
        ? {}
        : { clientObservedServerSideSessionId: this.#serverSideSessionId }),
    };
  }

  observe({ serverSideSessionId }: { serverSideSessionId: string }): void {
    if (serverSideSessionId !== "") this.#serverSideSessionId = serverSideSessionId;
  }

  retries(): Retries {
    return new Retries(this.#retries, this.clock);
  }

  /**
   * Returns when a server that may be Spark's listens, which one that starts does a little later. What is something else
   * is told at once.
   * @throws SparkError
   */
  async reach(signal?: AbortSignal): Promise<void> {
    const starting = this.retries();
    const closing = new Retries({ ...this.#retries, withinMs: CLOSES_FOR_MS }, this.clock);
    for (;;) {
      try {
        return await greet(this.#endpoint, { clock: this.clock, ca: this.#ca, signal });
      } catch (thrown) {
        const error = ConnectError.from(thrown);
        const isClosed = thrown instanceof GreetingError && thrown.kind === "closed";
        const mayPass = isClosed || isTransient(error);
        const isTried = mayPass && (await (isClosed ? closing : starting).again(signal));
        if (!isTried) throw await this.told(error);
      }
    }
  }

  /**
   * A request with one answer that may be repeated, tried again while the server can't be reached.
   * @throws SparkError
   */
  async ask<Response extends { serverSideSessionId: string }>(
    request: () => Promise<Response>,
    signal?: AbortSignal,
  ): Promise<Response> {
    const retries = this.retries();
    for (;;) {
      try {
        const response = await request();
        this.observe(response);
        return response;
      } catch (thrown) {
        const error = ConnectError.from(thrown);
        if (!isTransient(error) || !(await retries.again(signal))) throw await this.told(error);
      }
    }
  }

  /** The error with all that the server can tell of it. */
  async told(error: ConnectError): Promise<SparkError> {
    return sparkError(error, this.server, await this.#details(error));
  }

  close(): void {
    this.#http2.abort();
  }

  async #details(error: ConnectError): Promise<FetchErrorDetailsResponse | undefined> {
    const errorId = errorInfo(error)?.metadata.errorId;
    if (errorId === undefined) return undefined;
    try {
      return await this.client.fetchErrorDetails(
        { ...this.identity(), errorId },
        { timeoutMs: DETAILS_WITHIN_MS },
      );
    } catch {
      return undefined; // what came with the error must do
    }
  }
}

function withHeaders({ token, headers }: Endpoint): Interceptor {
  return (next) => (request) => {
    for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
    if (token !== null) request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
}
