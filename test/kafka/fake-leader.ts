import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Random } from "../../src/core/random.ts";
import { API_VERSIONS } from "../../src/kafka/api-versions.ts";
import { recordsOf } from "../../src/kafka/batch-records.ts";
import { RequestWriter } from "../../src/kafka/request-writer.ts";
import { ResponseReader } from "../../src/kafka/response-reader.ts";
import { ALL_VERSIONS, versionsFrame } from "./offered-versions.ts";

/** Chances, per request or batch, of what goes wrong. */
export interface Faults {
  /** The connection breaks before the records are appended. */
  breakBefore: number;
  /** The records are appended, and the connection breaks before the answer. */
  breakAfter: number;
  /** A partition answers that it is led by another broker. */
  notLeader: number;
  /** The records are appended, but the answer says that the followers were too slow. */
  tooSlow: number;
}

const NOT_LEADER = 6;
const MESSAGE_TOO_LARGE = 10;
const NOT_ENOUGH_REPLICAS_AFTER_APPEND = 20;
const OUT_OF_ORDER_SEQUENCE_NUMBER = 45;
const UNKNOWN_PRODUCER_ID = 59;
const INVALID_RECORD = 87;

/** What Kafka remembers of a producer in a partition. */
interface ProducerState {
  /** First and next sequence number of the last five batches. */
  last: { from: number; next: number }[];
}

/** A server that takes produce requests as a partition leader does, and fails as often as it is told to. */
export class FakeLeader {
  /** Values by partition, in the order of the log. */
  readonly logs = new Map<number, string[]>();
  faults: Faults = { breakBefore: 0, breakAfter: 0, notLeader: 0, tooSlow: 0 };
  /** A larger batch is refused. */
  maxBatchBytes = Number.POSITIVE_INFINITY;
  /** A batch with such a value is refused, and its row is named. */
  invalidValue: string | undefined;
  readonly #random: Random;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #producers = new Map<string, ProducerState>();
  readonly #forgotten = new Set<number>();

  private constructor(random: Random) {
    this.#random = random;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => {});
      let pending = Buffer.alloc(0);
      socket.on("data", (chunk) => {
        pending = Buffer.concat([pending, chunk as Buffer]);
        while (!socket.destroyed && pending.length >= 4 && pending.length >= pending.readInt32BE(0) + 4) {
          const end = pending.readInt32BE(0) + 4;
          this.#answer(socket, pending.subarray(4, end));
          pending = pending.subarray(end);
        }
      });
    });
  }

  static async start(random: Random): Promise<FakeLeader> {
    const leader = new FakeLeader(random);
    leader.#server.listen(0, "127.0.0.1");
    await once(leader.#server, "listening");
    return leader;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** As when a broker has lost what it knew of its producers. */
  forgetProducers(): void {
    for (const key of this.#producers.keys()) this.#forgotten.add(Number(key.split(" ")[0]));
    this.#producers.clear();
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #answer(socket: Socket, request: Buffer): void {
    if (request.readInt16BE(0) === API_VERSIONS.key) {
      socket.write(versionsFrame(request.readInt32BE(4), ALL_VERSIONS));
      return;
    }
    if (this.#happens("breakBefore")) {
      socket.destroy();
      return;
    }
    const reader = new ResponseReader(request, 4);
    const correlationId = reader.int32();
    reader.skip(reader.int16() + 1);
    reader.compactString();
    reader.skip(6 + 1);
    const topic = reader.compactString();
    const results: { partition: number; errorCode: number; row: number | undefined }[] = [];
    for (let left = reader.compactArray(); left > 0; left--) {
      const partition = reader.int32();
      const length = reader.compactArray();
      const batch = reader.bytes.subarray(reader.position, reader.position + length);
      reader.skip(length);
      reader.skipTaggedFields();
      results.push({ partition, ...this.#append(partition, batch) });
    }
    if (this.#happens("breakAfter")) {
      socket.destroy();
      return;
    }
    const body = new RequestWriter()
      .int32(0)
      .int32(correlationId)
      .noTaggedFields()
      .unsignedVarint(2)
      .compactString(topic)
      .compactArray(results, (writer, { partition, errorCode, row }) => {
        writer.int32(partition).int16(errorCode).int64(0).int64(-1).int64(0);
        writer.compactArray(row === undefined ? [] : [row], () => {
          writer
            .int32(row ?? 0)
            .compactString("not a good one")
            .noTaggedFields();
        });
        writer.compactString(null).noTaggedFields();
      })
      .noTaggedFields()
      .int32(0)
      .noTaggedFields()
      .finish();
    body.writeInt32BE(body.length - 4, 0);
    socket.write(body);
  }

  #append(partition: number, batch: Buffer): { errorCode: number; row: number | undefined } {
    const values = recordsOf(batch).map(({ value }) => String(value));
    const refusedRow = this.invalidValue === undefined ? -1 : values.indexOf(this.invalidValue);
    const answer = (errorCode: number, row?: number) => ({ errorCode, row });
    if (this.#happens("notLeader")) return answer(NOT_LEADER);
    if (batch.length > this.maxBatchBytes) return answer(MESSAGE_TOO_LARGE);
    if (refusedRow >= 0) return answer(INVALID_RECORD, refusedRow);
    const producerId = batch.readInt32BE(47);
    const from = batch.readInt32BE(53);
    const key = `${producerId} ${partition}`;
    if (this.#forgotten.has(producerId)) return answer(UNKNOWN_PRODUCER_ID);
    const state = this.#producers.get(key) ?? { last: [] };
    const next = from + values.length;
    if (!state.last.some((known) => known.from === from && known.next === next)) {
      // Of a producer that it does not know a broker accepts any first sequence number.
      if (from !== (state.last.at(-1)?.next ?? from)) return answer(OUT_OF_ORDER_SEQUENCE_NUMBER);
      state.last = [...state.last, { from, next }].slice(-5);
      this.#producers.set(key, state);
      this.logs.set(partition, [...(this.logs.get(partition) ?? []), ...values]);
    }
    return answer(this.#happens("tooSlow") ? NOT_ENOUGH_REPLICAS_AFTER_APPEND : 0);
  }

  #happens(fault: keyof Faults): boolean {
    return this.#random.unit() < this.faults[fault];
  }
}
