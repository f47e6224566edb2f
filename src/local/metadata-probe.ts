import { connect } from "node:net";

/** What a broker says of its cluster. */
export interface ClusterView {
  clusterId: string;
  /** The brokers that take part now. */
  nodeIds: number[];
}

const METADATA = 3;
/** The first version whose answer names the cluster. */
const VERSION = 2;
const CORRELATION_ID = 1;

/**
 * Asks the broker at 127.0.0.1:`port` for its cluster: only a broker that serves clients answers.
 * @returns undefined when nothing, or something that is no Kafka broker, answers within `timeoutMs`.
 */
export function probeBroker(port: number, timeoutMs: number): Promise<ClusterView | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    let received = Buffer.alloc(0);
    const finish = (view: ClusterView | undefined) => {
      socket.destroy();
      resolve(view);
    };
    socket.setTimeout(timeoutMs, () => finish(undefined));
    socket.on("error", () => finish(undefined));
    socket.on("close", () => finish(undefined));
    socket.on("connect", () => socket.write(request()));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      try {
        finish(readResponse(received));
      } catch {
        finish(undefined);
      }
    });
  });
}

/** Metadata of no topic at all: the brokers and the cluster's id. */
function request(): Buffer {
  const clientId = "clickstream-probe";
  const frame = Buffer.alloc(4 + 10 + clientId.length + 4);
  frame.writeInt32BE(frame.length - 4, 0);
  frame.writeInt16BE(METADATA, 4);
  frame.writeInt16BE(VERSION, 6);
  frame.writeInt32BE(CORRELATION_ID, 8);
  frame.writeInt16BE(clientId.length, 12);
  frame.write(clientId, 14, "latin1");
  frame.writeInt32BE(0, 14 + clientId.length);
  return frame;
}

/** @throws RangeError when the bytes are no such answer. */
function readResponse(frame: Buffer): ClusterView | undefined {
  let position = 4;
  const int32 = (): number => {
    position += 4;
    return frame.readInt32BE(position - 4);
  };
  const string = (): string => {
    const start = position + 2;
    position = start + Math.max(0, frame.readInt16BE(position));
    return frame.toString("utf8", start, position);
  };
  if (int32() !== CORRELATION_ID) return undefined;
  const nodeIds: number[] = [];
  const brokers = int32();
  for (let i = 0; i < brokers; i++) {
    nodeIds.push(int32());
    string(); // host
    int32(); // port
    string(); // rack
  }
  return { clusterId: string(), nodeIds };
}
