import type { Socket } from "node:net";
import { systemClock } from "../core/clock.ts";
import { ClickstreamError } from "../core/errors.ts";
import {
  API_VERSIONS,
  type Api,
  chooseVersion,
  decodeApiVersions,
  encodeApiVersions,
  type OfferedVersions,
} from "./api-versions.ts";
import { closedByBroker, connectionLost, isTlsAlert, socketTrouble, speaksTls } from "./connection-errors.ts";
import type { KafkaSecurity } from "./options.ts";
import { authenticate, type Exchange } from "./sasl.ts";
import { openSocket, type SocketOptions } from "./socket.ts";

export { connectionLost, unreachable } from "./connection-errors.ts";

/** Where a broker listens, how to be let in and how long to wait for it. */
export interface ConnectionOptions extends SocketOptions {
  /** Shown in the broker's logs and quotas. */
  clientId: string;
  /** Default 30 s without a byte in either direction while a response is awaited. */
  requestTimeoutMs?: number;
}

interface AwaitedResponse {
  correlationId: number;
  flexibleHeader: boolean;
  /** The question for the broker's versions, which one answers without a login. */
  isVersions: boolean;
  resolve(body: Buffer): void;
  reject(error: Error): void;
}

/** No response of these requests is near it; a larger length means that the peer speaks something other than Kafka. */
const MAX_RESPONSE_BYTES = 256 << 20;

/**
 * A socket to one broker that carries request and response frames. Requests are pipelined: Kafka answers in the order
 * of the requests. For responses of moderate size; record fetches read into buffers of their own (`FetchConnection`).
 */
export class BrokerConnection {
  /** Resolves once the socket is closed: with the reason, or with undefined after `close()`. */
  readonly closed: Promise<ClickstreamError | undefined>;
  readonly #socket: Socket;
  readonly #address: string;
  readonly #clientId: string;
  readonly #requestTimeoutMs: number;
  readonly #awaited: AwaitedResponse[] = [];
  #nextCorrelationId = 0;
  #failure: ClickstreamError | undefined;
  #isClosed = false;
  #chunks: Buffer[] = [];
  #chunkBytes = 0;
  #frameBytes = 4;
  #offered: Promise<OfferedVersions> | undefined;
  readonly #security: KafkaSecurity | undefined;
  /** The broker has answered more than the question for its versions. */
  #hasAnswered = false;
  /** Monotonic ms from which the next request has to wait for another login. */
  #loginDueMs = Number.POSITIVE_INFINITY;
  /** Requests that wait for a login to end, in their order; undefined without one. */
  #held: (() => void)[] | undefined;

  private constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#address = `${options.host}:${options.port}`;
    this.#clientId = options.clientId;
    this.#security = options.security;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 30_000;
    socket.on("timeout", () => {
      this.#fail(connectionLost(this.#address, `no answer for ${this.#requestTimeoutMs} ms`));
    });
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", (cause) => this.#fail(socketTrouble(this.#address, cause)));
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#fail(closedByBroker(this.#address, this.#hasAnswered, this.#security));
        resolve(this.#failure);
      });
    });
  }

  /**
   * Opens a connection and logs in.
   * @throws ClickstreamError KAFKA_UNREACHABLE, KAFKA_TLS, KAFKA_AUTHENTICATION_FAILED, KAFKA_CONNECTION_LOST and those of
   * files and commands that hold certificates and secrets
   */
  static async connect(options: ConnectionOptions): Promise<BrokerConnection> {
    const connection = new BrokerConnection(await openSocket(options), options);
    try {
      await connection.#logIn();
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  /**
   * Sends one request and resolves with the response after its header. The parts of `body` are written without
   * concatenation and must not change before the response has arrived.
   * @param flexible whether this version of the API has tagged fields (request header 2, response header 1).
   * @throws ClickstreamError KAFKA_CONNECTION_LOST: the request may or may not have had its effect.
   */
  request(
    apiKey: number,
    apiVersion: number,
    body: readonly Uint8Array[],
    flexible: boolean,
  ): Promise<Buffer> {
    if (this.#isClosed) {
      return Promise.reject(this.#failure ?? connectionLost(this.#address, "it had been closed before"));
    }
    if (this.#held === undefined && systemClock.monotonicMs() >= this.#loginDueMs) this.#renewLogin();
    if (this.#held === undefined) return this.#send(apiKey, apiVersion, body, flexible);
    return new Promise((resolve, reject) => {
      this.#held!.push(() => this.#send(apiKey, apiVersion, body, flexible).then(resolve, reject));
    });
  }

  #send(apiKey: number, apiVersion: number, body: readonly Uint8Array[], flexible: boolean): Promise<Buffer> {
    if (this.#isClosed)
      return Promise.reject(this.#failure ?? connectionLost(this.#address, "this side closed it"));
    const correlationId = this.#nextCorrelationId;
    this.#nextCorrelationId = (correlationId + 1) & 0x7fffffff;
    let bodyBytes = 0;
    for (const part of body) bodyBytes += part.length;
    const header = requestHeader({
      apiKey,
      apiVersion,
      correlationId,
      clientId: this.#clientId,
      flexible,
      bodyBytes,
    });
    return new Promise((resolve, reject) => {
      if (this.#awaited.length === 0) this.#socket.setTimeout(this.#requestTimeoutMs);
      const isVersions = apiKey === API_VERSIONS.key;
      this.#awaited.push({
        correlationId,
        flexibleHeader: flexible && !isVersions,
        isVersions,
        resolve,
        reject,
      });
      this.#socket.cork();
      this.#socket.write(header);
      for (const part of body) if (part.length > 0) this.#socket.write(part);
      this.#socket.uncork();
    });
  }

  /**
   * The newest version of an API that both sides speak. The broker is asked once.
   * @throws ClickstreamError KAFKA_VERSION_UNSUPPORTED, KAFKA_CONNECTION_LOST
   */
  async version(api: Api): Promise<number> {
    this.#offered ??= this.request(API_VERSIONS.key, API_VERSIONS.version, [encodeApiVersions()], true).then(
      (response) => decodeApiVersions(response),
    );
    return chooseVersion(api, await this.#offered, this.#address);
  }

  /**
   * `request` in the newest version that both sides speak.
   * @throws ClickstreamError KAFKA_VERSION_UNSUPPORTED, KAFKA_CONNECTION_LOST
   */
  async call(api: Api, body: readonly Uint8Array[]): Promise<Buffer> {
    return this.request(api.key, await this.version(api), body, true);
  }

  /** Closes at once; awaited requests are rejected. Closing twice does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.destroy();
    this.#rejectAwaited(connectionLost(this.#address, "this side closed it"));
  }

  async #logIn(): Promise<void> {
    const sasl = this.#security?.sasl;
    if (sasl === undefined) return;
    const nowMs = systemClock.monotonicMs();
    const exchange: Exchange = (key, version, body, flexible) => this.#send(key, version, [body], flexible);
    this.#loginDueMs = nowMs + (await authenticate(exchange, sasl, this.#address));
  }

  /** The broker ends a session that is used beyond its time, so requests wait for another login. */
  #renewLogin(): void {
    this.#held = [];
    this.#logIn().then(
      () => this.#release(),
      (error: unknown) => {
        if (!(error instanceof ClickstreamError)) throw error;
        this.#fail(error);
        this.#release();
      },
    );
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const send of held) send();
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#chunkBytes += chunk.length;
    while (!this.#isClosed && this.#chunkBytes >= this.#frameBytes) {
      const bytes =
        this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#chunkBytes);
      const frameBytes = bytes.readInt32BE(0) + 4;
      if (frameBytes < 8 || frameBytes > MAX_RESPONSE_BYTES) {
        this.#fail(
          isTlsAlert(bytes)
            ? speaksTls(this.#address)
            : connectionLost(this.#address, "it does not speak the Kafka protocol"),
        );
        return;
      }
      this.#chunks = [bytes];
      this.#frameBytes = frameBytes;
      if (bytes.length < frameBytes) return;
      this.#settle(bytes.subarray(4, frameBytes));
      this.#chunks = bytes.length === frameBytes ? [] : [bytes.subarray(frameBytes)];
      this.#chunkBytes = bytes.length - frameBytes;
      this.#frameBytes = 4;
    }
  }

  #settle(response: Buffer): void {
    const awaited = this.#awaited.shift();
    const expected = awaited !== undefined && awaited.correlationId === response.readInt32BE(0);
    if (!expected || (awaited.flexibleHeader && response[4] !== 0)) {
      if (awaited !== undefined) this.#awaited.unshift(awaited);
      this.#fail(connectionLost(this.#address, "it answered something that was not asked"));
      return;
    }
    if (this.#awaited.length === 0) this.#socket.setTimeout(0);
    if (!awaited.isVersions) this.#hasAnswered = true;
    // No broker puts tagged fields into a response header so far: one byte that says so.
    awaited.resolve(response.subarray(awaited.flexibleHeader ? 5 : 4));
  }

  #fail(failure: ClickstreamError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#failure = failure;
    this.#socket.destroy();
    this.#rejectAwaited(failure);
  }

  #rejectAwaited(error: ClickstreamError): void {
    for (const awaited of this.#awaited.splice(0)) awaited.reject(error);
  }
}

/** What a request's header says. */
export interface RequestHeader {
  apiKey: number;
  apiVersion: number;
  correlationId: number;
  clientId: string;
  /** Header version 2 instead of 1. */
  flexible: boolean;
  /** Bytes of the request after the header. */
  bodyBytes: number;
}

/** The bytes of a request before its body: length of the frame, then the header. */
export function requestHeader(header: RequestHeader): Buffer {
  const clientIdBytes = Buffer.byteLength(header.clientId);
  const bytes = Buffer.alloc(4 + 8 + 2 + clientIdBytes + (header.flexible ? 1 : 0));
  bytes.writeInt32BE(bytes.length - 4 + header.bodyBytes, 0);
  bytes.writeInt16BE(header.apiKey, 4);
  bytes.writeInt16BE(header.apiVersion, 6);
  bytes.writeInt32BE(header.correlationId, 8);
  bytes.writeInt16BE(clientIdBytes, 12);
  bytes.write(header.clientId, 14);
  return bytes;
}
