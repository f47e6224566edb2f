import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { BrokerConnection } from "../../src/kafka/connection.ts";

let server: Server;
let port: number;
const accepted: Socket[] = [];

beforeEach(async () => {
  server = createServer((socket) => {
    socket.on("error", () => {});
    accepted.push(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  for (const socket of accepted.splice(0)) socket.destroy();
  server.close();
  await once(server, "close");
});

async function connectPair(
  requestTimeoutMs = 30_000,
): Promise<{ connection: BrokerConnection; peer: Socket }> {
  const acceptance = once(server, "connection") as Promise<[Socket]>;
  const connection = await BrokerConnection.connect({
    host: "127.0.0.1",
    port,
    clientId: "tést",
    requestTimeoutMs,
  });
  return { connection, peer: (await acceptance)[0] };
}

/** A response frame: length, correlation id, tagged fields of a flexible header, body. */
function response(correlationId: number, body: string, flexible: boolean): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(8), Buffer.alloc(flexible ? 1 : 0), Buffer.from(body)]);
  bytes.writeInt32BE(bytes.length - 4, 0);
  bytes.writeInt32BE(correlationId, 4);
  return bytes;
}

async function readBytes(peer: Socket, count: number): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of peer.iterator({ destroyOnReturn: false })) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    if (bytes.length >= count) return bytes;
  }
  throw new Error("the socket ended early");
}

test("a request's frame has the header that Kafka expects and its parts in order", async () => {
  const { connection, peer } = await connectPair();
  connection.request(3, 12, [Buffer.from("ab"), Buffer.alloc(0), Buffer.from("c")], true).catch(() => {});
  const expected = Buffer.from(
    "00000013" +
      "0003" +
      "000c" +
      "00000000" +
      "0005" +
      Buffer.from("tést").toString("hex") +
      "00" +
      "616263",
    "hex",
  );
  assert.deepEqual(await readBytes(peer, expected.length), expected);
  connection.close();
});

test("pipelined responses settle in order however they are cut", async () => {
  const { connection, peer } = await connectPair();
  const answers = Promise.all([
    connection.request(3, 12, [], true),
    connection.request(3, 8, [], false),
    connection.request(18, 3, [], true),
  ]);
  const bytes = Buffer.concat([
    response(0, "first", true),
    response(1, "", false),
    response(2, "\0third", false), // ApiVersions keeps the old header
  ]);
  for (const byte of bytes) {
    peer.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  assert.deepEqual((await answers).map(String), ["first", "", "\0third"]);
  connection.close();
  assert.equal(await connection.closed, undefined);
});

test("what was awaited fails when the broker closes, and so does what comes later", async () => {
  const { connection, peer } = await connectPair();
  const answer = connection.request(3, 12, [], true);
  peer.end();
  await assert.rejects(answer, { code: "KAFKA_CONNECTION_LOST" });
  assert.equal((await connection.closed)?.code, "KAFKA_CONNECTION_LOST");
  await assert.rejects(connection.request(3, 12, [], true), { code: "KAFKA_CONNECTION_LOST" });
});

test("closing rejects what is awaited", async () => {
  const { connection } = await connectPair();
  const answer = connection.request(3, 12, [], true);
  connection.close();
  connection.close();
  await assert.rejects(answer, { code: "KAFKA_CONNECTION_LOST" });
  assert.equal(await connection.closed, undefined);
});

test("a silent broker is given up, an idle connection is not", async () => {
  const { connection, peer } = await connectPair(50);
  await new Promise((resolve) => setTimeout(resolve, 120)); // longer than the limit
  const answer = connection.request(3, 12, [], true);
  peer.write(response(0, "still here", true));
  assert.equal(String(await answer), "still here");
  await assert.rejects(connection.request(3, 12, [], true), /no answer for 50 ms/);
});

for (const [name, bytes] of [
  ["HTTP", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
  ["another correlation id", response(7, "x", true)],
  ["a frame without a correlation id", Buffer.alloc(4)],
] as const) {
  test(`a peer that answers with ${name} is refused`, async () => {
    const { connection, peer } = await connectPair();
    const answer = connection.request(3, 12, [], true);
    peer.write(bytes);
    await assert.rejects(answer, { code: "KAFKA_CONNECTION_LOST" });
    assert.equal((await connection.closed)?.code, "KAFKA_CONNECTION_LOST");
  });
}

test("a closed port is KAFKA_UNREACHABLE and names the address", async () => {
  const unused = createServer().listen(0, "127.0.0.1");
  await once(unused, "listening");
  const unusedPort = (unused.address() as AddressInfo).port;
  unused.close();
  await once(unused, "close");
  await assert.rejects(BrokerConnection.connect({ host: "127.0.0.1", port: unusedPort, clientId: "test" }), {
    code: "KAFKA_UNREACHABLE",
    message: new RegExp(`127\\.0\\.0\\.1:${unusedPort}`),
  });
});
