import type { Socket } from "node:net";
import { systemClock } from "../core/clock.ts";
import { ClickstreamError } from "../core/errors.ts";
import {
  API_VERSIONS,
  type Api,
  chooseVersion,
  decodeApiVersions,
  encodeApiVersions,
} from "./api-versions.ts";
import { type ConnectionOptions, requestHeader } from "./connection.ts";
import { closedByBroker, connectionLost, isTlsAlert, socketTrouble, speaksTls } from "./connection-errors.ts";
import { PADDING_BYTES } from "./decompression.ts";
import { authenticate } from "./sasl.ts";
import { openSocket } from "./socket.ts";

/** Length of the frame, correlation id, no tagged fields. */
const BODY_START = 9;
/** Kafka's own limit on a batch is 2 GiB; more than this is not one of events. */
const MAX_FRAME_BYTES = 512 << 20;
const ASKING_TIMEOUT_MS = 30_000;

/** What a fetch connection tells; nothing is told after `close()`. */
export interface FetchConnectionHandler {
  /**
   * The response to the request that was sent: its body is [bodyStart, end) of `frame`, at least 16 zero bytes follow.
   * `frame` stays as it is until the request after the next one is sent.
   */
  response(frame: Buffer, bodyStart: number, end: number): void;
  /** The connection is gone, an awaited response with it. Told once. */
  lost(error: ClickstreamError): void;
}

/**
 * A socket to one broker for large responses, one request at a time. The system reads straight into one of two frames,
 * so that records are decoded where they arrived while the next response comes into the other: no copy, no garbage.
 */
export class FetchConnection {
  /** The newest version of its API that both sides speak. */
  version = -1;
  readonly #address: string;
  readonly #options: ConnectionOptions;
  readonly #handler: FetchConnectionHandler;
  readonly #frames: [Buffer, Buffer];
  #socket: Socket | undefined;
  #receiving: 0 | 1 = 0;
  #received = 0;
  #correlationId = -1;
  #awaiting = false;
  #isClosed = false;
  /** Who gets the next response instead of the handler: an introduction, or another login. */
  #asking: { flexible: boolean; resolve(body: Buffer): void; reject(error: Error): void } | undefined;
  /** Monotonic ms from which the next request has to wait for another login. */
  #loginDueMs = Number.POSITIVE_INFINITY;
  /** The broker has answered more than the question for its versions. */
  #hasAnswered = false;
  /** `connect` has ended: from then on trouble is told to the handler. */
  #isIntroduced = false;
  /** Why it is closed. */
  #reason: ClickstreamError | undefined;

  private constructor(options: ConnectionOptions, handler: FetchConnectionHandler, frameBytes: number) {
    this.#address = `${options.host}:${options.port}`;
    this.#options = options;
    this.#handler = handler;
    this.#frames = [newFrame(frameBytes), newFrame(frameBytes)];
  }

  /**
   * @param use.api what will be asked
   * @param use.frameBytes expected size of the larger responses; a frame that is too small is replaced by a larger one
   * @throws ClickstreamError KAFKA_VERSION_UNSUPPORTED, and those of `BrokerConnection.connect`
   */
  static async connect(
    options: ConnectionOptions,
    handler: FetchConnectionHandler,
    { api, frameBytes }: { api: Api; frameBytes: number },
  ): Promise<FetchConnection> {
    const connection = new FetchConnection(options, handler, frameBytes);
    const socket = await openSocket(options, {
      buffer: () => connection.#room(),
      callback: (length) => connection.#receive(length),
    });
    connection.#socket = socket;
    socket.on("timeout", () => connection.#lose(connectionLost(connection.#address, "no answer in time")));
    socket.on("error", (error) => connection.#lose(socketTrouble(connection.#address, error)));
    socket.on("close", () => {
      connection.#lose(closedByBroker(connection.#address, connection.#hasAnswered, options.security));
    });
    try {
      await connection.#logIn();
      const { key, version } = API_VERSIONS;
      const offered = await connection.#ask(key, version, encodeApiVersions(), true);
      connection.version = chooseVersion(api, decodeApiVersions(offered), connection.#address);
      connection.#isIntroduced = true;
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  /** Sends a request of flexible encoding; the response before must have been received. */
  send(apiKey: number, apiVersion: number, body: Buffer, timeoutMs: number): void {
    if (this.#isClosed) return;
    if (systemClock.monotonicMs() < this.#loginDueMs) this.#write(apiKey, apiVersion, body, true, timeoutMs);
    else {
      this.#logIn().then(
        () => this.#write(apiKey, apiVersion, body, true, timeoutMs),
        (error: unknown) => {
          if (!(error instanceof ClickstreamError)) throw error;
          this.#lose(error);
        },
      );
    }
  }

  async #logIn(): Promise<void> {
    const sasl = this.#options.security?.sasl;
    if (sasl === undefined) return;
    const nowMs = systemClock.monotonicMs();
    const lifetimeMs = await authenticate((...request) => this.#ask(...request), sasl, this.#address);
    this.#loginDueMs = nowMs + lifetimeMs;
  }

  /** A small request whose response does not concern the handler; resolves with a copy of it after its header. */
  #ask(apiKey: number, apiVersion: number, body: Buffer, flexible: boolean): Promise<Buffer> {
    if (this.#reason !== undefined) return Promise.reject(this.#reason);
    return new Promise((resolve, reject) => {
      this.#asking = { flexible: flexible && apiKey !== API_VERSIONS.key, resolve, reject };
      const timeoutMs = this.#options.requestTimeoutMs ?? ASKING_TIMEOUT_MS;
      this.#write(apiKey, apiVersion, body, flexible, timeoutMs);
    });
  }

  #write(apiKey: number, apiVersion: number, body: Buffer, flexible: boolean, timeoutMs: number): void {
    if (this.#isClosed || this.#socket === undefined) return;
    this.#correlationId = (this.#correlationId + 1) & 0x7fffffff;
    this.#awaiting = true;
    const { clientId } = this.#options;
    const correlationId = this.#correlationId;
    const bodyBytes = body.length;
    this.#socket.setTimeout(timeoutMs);
    const header = requestHeader({ apiKey, apiVersion, correlationId, clientId, flexible, bodyBytes });
    this.#socket.write(Buffer.concat([header, body]));
  }

  /** Closes at once. */
  close(): void {
    this.#end(connectionLost(this.#address, "this side closed it"));
  }

  /** Where the system writes what arrives next; never empty. */
  #room(): Buffer {
    const frame = this.#frames[this.#receiving];
    return frame.subarray(this.#received, frame.length - PADDING_BYTES);
  }

  #receive(length: number): boolean {
    if (this.#isClosed) return false;
    this.#received += length;
    let frame = this.#frames[this.#receiving];
    if (this.#received < 4) return true;
    const frameBytes = frame.readInt32BE(0) + 4;
    const isImpossible = frameBytes < BODY_START || frameBytes > MAX_FRAME_BYTES || isTlsAlert(frame);
    if (!this.#awaiting || isImpossible) {
      this.#lose(
        isTlsAlert(frame)
          ? speaksTls(this.#address)
          : connectionLost(this.#address, "it does not speak the Kafka protocol"),
      );
      return false;
    }
    if (frameBytes + PADDING_BYTES > frame.length) {
      const larger = newFrame(frameBytes);
      frame.copy(larger, 0, 0, this.#received);
      this.#frames[this.#receiving] = frame = larger;
    }
    if (this.#received < frameBytes) return true;
    if (this.#received > frameBytes || frame.readInt32BE(4) !== this.#correlationId || frame[8] !== 0) {
      this.#lose(connectionLost(this.#address, "it answered something that was not asked"));
      return false;
    }
    this.#awaiting = false;
    this.#socket?.setTimeout(0);
    this.#received = 0;
    const asking = this.#asking;
    if (asking !== undefined) {
      // A copy: records of the response before may still be walked in the other frame.
      this.#asking = undefined;
      asking.resolve(Buffer.from(frame.subarray(asking.flexible ? BODY_START : BODY_START - 1, frameBytes)));
      return true;
    }
    this.#hasAnswered = true;
    this.#receiving = this.#receiving === 0 ? 1 : 0;
    frame.fill(0, frameBytes, frameBytes + PADDING_BYTES);
    this.#handler.response(frame, BODY_START, frameBytes);
    return !this.#isClosed;
  }

  #lose(error: ClickstreamError): void {
    if (this.#isClosed) return;
    this.#end(error);
    if (this.#isIntroduced) this.#handler.lost(error);
  }

  #end(reason: ClickstreamError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#reason = reason;
    this.#socket?.destroy();
    this.#asking?.reject(reason);
    this.#asking = undefined;
  }
}

/** Not from Node's pool; pages that are never written cost no memory. */
function newFrame(frameBytes: number): Buffer {
  return Buffer.allocUnsafeSlow(frameBytes + PADDING_BYTES);
}
