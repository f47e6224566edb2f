import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { probeBroker } from "../../src/local/metadata-probe.ts";
import { freePort } from "../../src/local/ports.ts";

async function listen(t: TestContext, answer: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => answer(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Metadata v2: two brokers, cluster "abc". */
function metadata(): Buffer {
  const int32 = (value: number): Buffer => Buffer.from([value >> 24, value >> 16, value >> 8, value]);
  const string = (text: string): Buffer => Buffer.concat([Buffer.from([0, text.length]), Buffer.from(text)]);
  const absent = Buffer.from([255, 255]);
  const broker = (nodeId: number): Buffer =>
    Buffer.concat([int32(nodeId), string("127.0.0.1"), int32(9092), absent]);
  const body = Buffer.concat([int32(1), int32(2), broker(1), broker(7), string("abc"), int32(1), int32(0)]);
  return Buffer.concat([int32(body.length), body]);
}

test("reads the cluster from an answer that comes in pieces", async (t) => {
  const port = await listen(t, (socket) => {
    const answer = metadata();
    socket.write(answer.subarray(0, 3));
    setImmediate(() => socket.end(answer.subarray(3)));
  });
  assert.deepEqual(await probeBroker(port, 10_000), { clusterId: "abc", nodeIds: [1, 7] });
});

test("whatever is no broker is no answer", async (t) => {
  const talkers: ((socket: Socket) => void)[] = [
    (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
    (socket) => socket.end(),
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.write(Buffer.from([0, 0, 0, 5, 0, 0, 0, 1, 9])),
    (socket) => socket.write(Buffer.from([0, 0, 0, 0])),
  ];
  for (const talk of talkers) assert.equal(await probeBroker(await listen(t, talk), 10_000), undefined);
  assert.equal(await probeBroker(await freePort(), 10_000), undefined);
});

test("silence is no answer", async (t) => {
  assert.equal(await probeBroker(await listen(t, () => {}), 50), undefined);
});
