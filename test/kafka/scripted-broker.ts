import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { API_VERSIONS, APIS, type OfferedVersions } from "../../src/kafka/api-versions.ts";
import { RequestWriter } from "../../src/kafka/request-writer.ts";
import { ResponseReader } from "../../src/kafka/response-reader.ts";
import { ALL_VERSIONS, versionsFrame } from "./offered-versions.ts";

export const TOPIC_ID = "00112233-4455-6677-8899-aabbccddeeff";

/** A fetch as it arrived, with the ways to answer it. */
export interface ArrivedFetch {
  /** Version of the API. */
  version: number;
  partitions: { partition: number; fetchOffset: number }[];
  /** Where the client says that it is; empty for nowhere. */
  rack: string;
  /** Sends the response in pieces of so many bytes. */
  respond(partitions: FetchAnswer[], options?: { pieceBytes?: number; topicId?: string }): Promise<void>;
  /** Sends these bytes as they are. */
  respondRaw(bytes: Buffer): void;
  /** Ends the connection instead. */
  hangUp(): void;
}

export interface FetchAnswer {
  partition: number;
  errorCode?: number;
  highWatermark?: number;
  /** Node to read from instead. */
  preferredReplica?: number;
  batches?: readonly Buffer[];
}

/** One broker that leads all partitions of the topic `clicks`; a test answers each fetch by hand. */
export class ScriptedBroker {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #fetches: ArrivedFetch[] = [];
  readonly #waiting: ((fetch: ArrivedFetch) => void)[] = [];
  readonly #partitionCount: number;
  /** API keys of all requests. */
  readonly #asked: number[] = [];
  port = 0;
  /** Port of another broker, node 2, that leads nothing. */
  followerPort: number | undefined;
  /** What it says when it is asked for its versions. */
  offered: OfferedVersions = ALL_VERSIONS;
  /** Error codes with which it answers requests to create a topic, in turn; "hangUp" ends the connection instead. */
  creations: (number | "hangUp")[] = [];

  private constructor(partitionCount: number) {
    this.#partitionCount = partitionCount;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** @param port 0 for a free one */
  static async start(partitionCount: number, port = 0): Promise<ScriptedBroker> {
    const broker = new ScriptedBroker(partitionCount);
    broker.#server.listen(port, "127.0.0.1");
    await once(broker.#server, "listening");
    broker.port = (broker.#server.address() as AddressInfo).port;
    return broker;
  }

  /** The next fetch that arrives, or has arrived. */
  nextFetch(): Promise<ArrivedFetch> {
    const fetch = this.#fetches.shift();
    if (fetch !== undefined) return Promise.resolve(fetch);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  timesAsked(apiKey: number): number {
    return this.#asked.filter((asked) => asked === apiKey).length;
  }

  /** Hangs up; returns when the peers have done the same. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) {
      if (socket.closed) continue;
      socket.end();
      await once(socket, "close");
    }
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    let bytes = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 4 && bytes.length >= bytes.readInt32BE(0) + 4) {
        const end = bytes.readInt32BE(0) + 4;
        this.#request(socket, bytes.subarray(4, end));
        bytes = bytes.subarray(end);
      }
    });
  }

  #request(socket: Socket, bytes: Buffer): void {
    const apiKey = bytes.readInt16BE(0);
    const version = bytes.readInt16BE(2);
    this.#asked.push(apiKey);
    const correlationId = bytes.readInt32BE(4);
    const body = new ResponseReader(bytes, 10 + bytes.readInt16BE(8) + 1);
    if (apiKey === API_VERSIONS.key) {
      socket.write(versionsFrame(correlationId, this.offered));
      return;
    }
    if (apiKey === 3) {
      socket.write(frame(correlationId, this.#metadata()));
      return;
    }
    if (apiKey === APIS.createTopics.key) {
      const outcome = this.creations.shift();
      if (typeof outcome === "number") socket.write(frame(correlationId, creationResponse(outcome)));
      else socket.destroy();
      return;
    }
    const fetch: ArrivedFetch = {
      version,
      ...readFetch(body, version),
      async respond(partitions, { pieceBytes = Number.POSITIVE_INFINITY, topicId = TOPIC_ID } = {}) {
        const response = frame(correlationId, fetchResponse(topicId, partitions));
        for (let start = 0; start < response.length; start += pieceBytes) {
          socket.write(response.subarray(start, Math.min(response.length, start + pieceBytes)));
          await new Promise(setImmediate);
        }
      },
      respondRaw: (raw) => socket.write(raw),
      hangUp: () => socket.destroy(),
    };
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#fetches.push(fetch);
    else waiting(fetch);
  }

  #metadata(): Buffer {
    const partitions = Array.from({ length: this.#partitionCount }, (_, partition) => partition);
    const writer = new RequestWriter();
    writer.int32(0);
    const ports = [this.port, ...(this.followerPort === undefined ? [] : [this.followerPort])];
    writer.compactArray([...ports.entries()], (_, [index, port]) => {
      writer
        .int32(index + 1)
        .compactString("127.0.0.1")
        .int32(port)
        .compactString(null)
        .noTaggedFields();
    });
    writer.compactString("cluster").int32(1);
    writer.unsignedVarint(2).int16(0).compactString("clicks");
    writeUuid(writer, TOPIC_ID).boolean(false);
    writer.compactArray(partitions, (_, partition) => {
      writer.int16(0).int32(partition).int32(1).int32(0);
      writer.unsignedVarint(1).unsignedVarint(1).unsignedVarint(1).noTaggedFields();
    });
    return writer.int32(0).noTaggedFields().noTaggedFields().finish();
  }
}

function readFetch(body: ResponseReader, version: number): Pick<ArrivedFetch, "partitions" | "rack"> {
  body.skip((version < 15 ? 4 : 0) + 4 + 4 + 4 + 1 + 4 + 4 + 1 + 16); // up to the only topic's partitions
  const partitions: ArrivedFetch["partitions"] = [];
  for (let left = body.compactArray(); left > 0; left--) {
    const partition = body.int32();
    body.skip(4);
    partitions.push({ partition, fetchOffset: body.int64() });
    body.skip(4 + 8 + 4 + 1);
  }
  body.skip(1 + 1); // the topic's tagged fields, nothing forgotten
  return { partitions, rack: body.compactString() ?? "" };
}

function creationResponse(errorCode: number): Buffer {
  const writer = new RequestWriter().int32(0).unsignedVarint(2).compactString("clicks");
  return writeUuid(writer, TOPIC_ID).int16(errorCode).compactString(null).finish();
}

function fetchResponse(topicId: string, partitions: FetchAnswer[]): Buffer {
  const parts: Buffer[] = [];
  const head = new RequestWriter().int32(0).int16(0).int32(0).unsignedVarint(2);
  parts.push(
    writeUuid(head, topicId)
      .unsignedVarint(partitions.length + 1)
      .finish(),
  );
  for (const {
    partition,
    errorCode = 0,
    highWatermark = 0,
    preferredReplica = -1,
    batches = [],
  } of partitions) {
    const records = Buffer.concat(batches);
    const writer = new RequestWriter().int32(partition).int16(errorCode);
    writer.int64(highWatermark).int64(highWatermark).int64(0).unsignedVarint(1).int32(preferredReplica);
    parts.push(writer.unsignedVarint(records.length + 1).finish(), records, Buffer.from([0]));
  }
  return Buffer.concat([...parts, Buffer.from([0, 0])]);
}

function writeUuid(writer: RequestWriter, uuid: string): RequestWriter {
  for (const byte of Buffer.from(uuid.replaceAll("-", ""), "hex")) writer.int8((byte << 24) >> 24);
  return writer;
}

function frame(correlationId: number, body: Buffer): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(9), body]);
  bytes.writeInt32BE(bytes.length - 4, 0);
  bytes.writeInt32BE(correlationId, 4);
  return bytes;
}
