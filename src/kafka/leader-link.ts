import { APIS } from "./api-versions.ts";
import { BrokerConnection, connectionLost } from "./connection.ts";
import type { KafkaSecurity } from "./options.ts";
import { type PartitionResult, readProduceResponse } from "./produce-messages.ts";

export interface LeaderLinkOptions {
  nodeId: number;
  host: string;
  port: number;
  clientId: string;
  security?: KafkaSecurity | undefined;
  signal: AbortSignal;
}

/** The one connection over which a producer writes to a broker; opened when it is needed, and again after it broke. */
export class LeaderLink {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  /** Produce requests without a response. */
  inFlight = 0;
  readonly #options: LeaderLinkOptions;
  #connection: Promise<BrokerConnection> | undefined;
  #isClosed = false;

  constructor(options: LeaderLinkOptions) {
    this.nodeId = options.nodeId;
    this.host = options.host;
    this.port = options.port;
    this.#options = options;
  }

  /**
   * Sends a produce request; requests leave in the order of the calls.
   * @throws ClickstreamError when there is no answer: the records may or may not have arrived
   */
  async produce(request: Buffer[]): Promise<PartitionResult[]> {
    if (this.#isClosed) throw connectionLost(`${this.host}:${this.port}`, "it had been closed before");
    this.#connection ??= this.#connect();
    const connection = this.#connection;
    try {
      const response = await (await connection).call(APIS.produce, request);
      return readProduceResponse(response);
    } catch (error) {
      if (this.#connection === connection) this.#connection = undefined;
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    void this.#connection?.then(
      (connection) => connection.close(),
      () => {},
    );
  }

  async #connect(): Promise<BrokerConnection> {
    const connection = await BrokerConnection.connect(this.#options);
    if (this.#options.signal.aborted) connection.close();
    return connection;
  }
}
