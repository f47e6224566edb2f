import { connect, type OnReadOpts, type Socket } from "node:net";
import { ClickstreamError } from "../core/errors.ts";
import {
  API_VERSIONS,
  type Api,
  chooseVersion,
  decodeApiVersions,
  encodeApiVersions,
  type OfferedVersions,
} from "./api-versions.ts";

/** Where a broker listens and how long to wait for it. */
export interface ConnectionOptions {
  host: string;
  port: number;
  /** Shown in the broker's logs and quotas. */
  clientId: string;
  /** Default 10 s: a broker that accepts no connection for so long is down. */
  connectTimeoutMs?: number;
  /** Default 30 s without a byte in either direction while a response is awaited. */
  requestTimeoutMs?: number;
}

interface AwaitedResponse {
  correlationId: number;
  flexibleHeader: boolean;
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

  private constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#address = `${options.host}:${options.port}`;
    this.#clientId = options.clientId;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 30_000;
    socket.on("timeout", () => {
      this.#fail(connectionLost(this.#address, `no answer for ${this.#requestTimeoutMs} ms`));
    });
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", (cause) => this.#fail(connectionLost(this.#address, cause.message, cause)));
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        if (!this.#isClosed) this.#fail(connectionLost(this.#address, "the broker closed it"));
        resolve(this.#failure);
      });
    });
  }

  /** @throws ClickstreamError KAFKA_UNREACHABLE */
  static async connect(options: ConnectionOptions): Promise<BrokerConnection> {
    return new BrokerConnection(await openSocket(options), options);
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
      const flexibleHeader = flexible && apiKey !== API_VERSIONS.key;
      this.#awaited.push({ correlationId, flexibleHeader, resolve, reject });
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

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#chunkBytes += chunk.length;
    while (!this.#isClosed && this.#chunkBytes >= this.#frameBytes) {
      const bytes =
        this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#chunkBytes);
      const frameBytes = bytes.readInt32BE(0) + 4;
      if (frameBytes < 8 || frameBytes > MAX_RESPONSE_BYTES) {
        this.#fail(connectionLost(this.#address, "it does not speak the Kafka protocol"));
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

/**
 * A connected socket without delay for small writes.
 * @param onread buffers to read into, in place of `data` events
 * @throws ClickstreamError KAFKA_UNREACHABLE
 */
export function openSocket(
  { host, port, connectTimeoutMs = 10_000 }: ConnectionOptions,
  onread?: OnReadOpts,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, ...(onread === undefined ? {} : { onread }) });
    const refuse = (cause: Error): void => {
      socket.destroy();
      reject(unreachable(`${host}:${port}`, cause));
    };
    socket.setTimeout(connectTimeoutMs, () =>
      refuse(new Error(`no connection within ${connectTimeoutMs} ms`)),
    );
    socket.once("error", refuse);
    socket.once("connect", () => {
      socket.off("error", refuse);
      socket.setTimeout(0);
      socket.removeAllListeners("timeout");
      resolve(socket);
    });
  });
}

/** KAFKA_UNREACHABLE: nothing answers at these addresses. */
export function unreachable(addresses: string, cause: unknown): ClickstreamError {
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new ClickstreamError({
    code: "KAFKA_UNREACHABLE",
    message: `Kafka does not answer at ${addresses}: ${reason}.`,
    nextStep: "Start Kafka (clickstream kafka start) or correct the addresses in --brokers.",
    cause,
  });
}

/** KAFKA_CONNECTION_LOST: an established connection ended; callers reconnect. */
export function connectionLost(address: string, reason: string, cause?: unknown): ClickstreamError {
  return new ClickstreamError({
    code: "KAFKA_CONNECTION_LOST",
    message: `The connection to Kafka at ${address} ended: ${reason}.`,
    nextStep: "Look at the broker's log if it does not come back by itself.",
    cause,
  });
}
