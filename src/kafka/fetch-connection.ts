import type { Socket } from "node:net";
import type { ClickstreamError } from "../core/errors.ts";
import {
  API_VERSIONS,
  type Api,
  chooseVersion,
  decodeApiVersions,
  encodeApiVersions,
} from "./api-versions.ts";
import { type ConnectionOptions, connectionLost, openSocket, requestHeader } from "./connection.ts";
import { PADDING_BYTES } from "./decompression.ts";

/** Length of the frame, correlation id, no tagged fields. */
const BODY_START = 9;
/** Kafka's own limit on a batch is 2 GiB; more than this is not one of events. */
const MAX_FRAME_BYTES = 512 << 20;
const NEGOTIATION_TIMEOUT_MS = 30_000;

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
  readonly #clientId: string;
  #handler: FetchConnectionHandler;
  readonly #frames: [Buffer, Buffer];
  #socket: Socket | undefined;
  #receiving: 0 | 1 = 0;
  #received = 0;
  #correlationId = -1;
  #awaiting = false;
  #isClosed = false;

  private constructor(options: ConnectionOptions, handler: FetchConnectionHandler, frameBytes: number) {
    this.#address = `${options.host}:${options.port}`;
    this.#clientId = options.clientId;
    this.#handler = handler;
    this.#frames = [newFrame(frameBytes), newFrame(frameBytes)];
  }

  /**
   * @param use.api what will be asked
   * @param use.frameBytes expected size of the larger responses; a frame that is too small is replaced by a larger one
   * @throws ClickstreamError KAFKA_UNREACHABLE, KAFKA_CONNECTION_LOST, KAFKA_VERSION_UNSUPPORTED
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
    socket.on("timeout", () => connection.#lose("no answer in time"));
    socket.on("error", (error) => connection.#lose(error.message, error));
    socket.on("close", () => connection.#lose("the broker closed it"));
    await connection.#negotiate(api, options.requestTimeoutMs ?? NEGOTIATION_TIMEOUT_MS);
    return connection;
  }

  /** Asks for the broker's versions, like any request; only then is the handler told anything. */
  #negotiate(api: Api, timeoutMs: number): Promise<void> {
    const handler = this.#handler;
    return new Promise((resolve, reject) => {
      this.#handler = {
        response: (frame, bodyStart, end) => {
          try {
            // This response alone has the old header, without tagged fields.
            const offered = decodeApiVersions(frame.subarray(0, end), bodyStart - 1);
            this.version = chooseVersion(api, offered, this.#address);
            this.#handler = handler;
            resolve();
          } catch (error) {
            this.close();
            reject(error);
          }
        },
        lost: reject,
      };
      this.send(API_VERSIONS.key, API_VERSIONS.version, encodeApiVersions(), timeoutMs);
    });
  }

  /** Sends a request of flexible encoding; the response before must have been received. */
  send(apiKey: number, apiVersion: number, body: Buffer, timeoutMs: number): void {
    if (this.#isClosed || this.#socket === undefined) return;
    this.#correlationId = (this.#correlationId + 1) & 0x7fffffff;
    this.#awaiting = true;
    const { length: bodyBytes } = body;
    const header = { apiKey, apiVersion, correlationId: this.#correlationId, clientId: this.#clientId };
    this.#socket.setTimeout(timeoutMs);
    this.#socket.write(Buffer.concat([requestHeader({ ...header, flexible: true, bodyBytes }), body]));
  }

  /** Closes at once. */
  close(): void {
    this.#isClosed = true;
    this.#socket?.destroy();
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
    if (!this.#awaiting || frameBytes < BODY_START || frameBytes > MAX_FRAME_BYTES) {
      this.#lose("it does not speak the Kafka protocol");
      return false;
    }
    if (frameBytes + PADDING_BYTES > frame.length) {
      const larger = newFrame(frameBytes);
      frame.copy(larger, 0, 0, this.#received);
      this.#frames[this.#receiving] = frame = larger;
    }
    if (this.#received < frameBytes) return true;
    if (this.#received > frameBytes || frame.readInt32BE(4) !== this.#correlationId || frame[8] !== 0) {
      this.#lose("it answered something that was not asked");
      return false;
    }
    this.#awaiting = false;
    this.#socket?.setTimeout(0);
    this.#receiving = this.#receiving === 0 ? 1 : 0;
    this.#received = 0;
    frame.fill(0, frameBytes, frameBytes + PADDING_BYTES);
    this.#handler.response(frame, BODY_START, frameBytes);
    return !this.#isClosed;
  }

  #lose(reason: string, cause?: unknown): void {
    if (this.#isClosed) return;
    this.close();
    this.#handler.lost(connectionLost(this.#address, reason, cause));
  }
}

/** Not from Node's pool; pages that are never written cost no memory. */
function newFrame(frameBytes: number): Buffer {
  return Buffer.allocUnsafeSlow(frameBytes + PADDING_BYTES);
}
