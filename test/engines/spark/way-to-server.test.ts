// What a person is told whose address, certificate or token does not fit what answers.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from "node:net";
import { test } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import { SparkSession } from "../../../src/engines/spark/connect/session.ts";
import { Authority } from "../../services/certificates.ts";
import { temporaryFolder } from "../../sinks/temporary-folder.ts";
import { scriptedSpark } from "./scripted-spark.ts";
import { tlsProxy } from "./tls-proxy.ts";

/** A frame of HTTP/2, empty. */
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
const FAST = { attempts: 4, firstDelayMs: 1, factor: 1, longestDelayMs: 1, withinMs: 60_000 };

async function portOf(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

test("TLS in front of the server: trusted by its authority, refused without, under another name and when expired", async () => {
  await using folder = await temporaryFolder();
  const authority = await Authority.create(folder.path, "authority");
  const ca = await readFile(authority.path, "utf8");
  await using spark = await scriptedSpark();
  const target = spark.address.replace("sc://", "");
  const sound = await authority.sign("sound", "IP:127.0.0.1");
  await using proxy = await tlsProxy(target, sound);
  const address = `sc://127.0.0.1:${proxy.port}/;use_ssl=true`;
  const session = await SparkSession.connect(address, { ca, retries: FAST });
  await session.keepAlive();
  session.close();
  assert.ok(proxy.accepted > 0);
  const untrusted = { code: "SPARK_UNTRUSTED", message: /authority that is not trusted/ };
  const asked = spark.asked.length;
  await assert.rejects(SparkSession.connect(`${address};token=secret`, { retries: FAST }), {
    ...untrusted,
    nextStep: /NODE_EXTRA_CA_CERTS/,
  });
  assert.equal(spark.asked.length, asked, "nothing was sent");
  await using other = await tlsProxy(target, await authority.sign("other", "DNS:spark.example"));
  await assert.rejects(
    SparkSession.connect(`sc://127.0.0.1:${other.port}/;use_ssl=true`, { ca, retries: FAST }),
    { code: "SPARK_UNTRUSTED", message: /other host names/ },
  );
  await assert.rejects(SparkSession.connect(`${spark.address}/;use_ssl=true`, { ca, retries: FAST }), {
    code: "SPARK_OTHER_PROTOCOL",
    message: /not answer in TLS/,
  });
  await assert.rejects(SparkSession.connect(`sc://127.0.0.1:${proxy.port}`, { retries: FAST }), {
    code: "SPARK_OTHER_PROTOCOL",
    message: /speaks TLS/,
    nextStep: /use_ssl=true/,
  });
});

test("a port of a page, of another service, and one where nothing listens each have a sentence of their own", async (t) => {
  const page = createServer((_, response) => response.end("a page"));
  const foreign = createHttp2Server((_, response) => response.writeHead(404).end());
  t.after(() => page.close());
  t.after(() => foreign.close());
  const connect = (port: number) => SparkSession.connect(`sc://127.0.0.1:${port}`, { retries: FAST });
  await assert.rejects(connect(await portOf(page)), {
    code: "SPARK_OTHER_PROTOCOL",
    message: /^What listens at sc:\/\/127\.0\.0\.1:\d+ speaks HTTP\/1, as pages do, and not Spark Connect\.$/,
    nextStep: /15002/,
  });
  const foreignPort = await portOf(foreign);
  await assert.rejects(connect(foreignPort), { code: "SPARK_OTHER_PROTOCOL", message: /knows nothing of/ });
  const gone = createTcpServer();
  const gonePort = await portOf(gone);
  gone.close();
  await assert.rejects(connect(gonePort), { code: "SPARK_UNREACHABLE", message: /ECONNREFUSED/ });
});

test("a port that talks first, hangs up, or is silent is told by what it does, and asked nothing", async (t) => {
  let steps = 0;
  let skippedMs = 0;
  const clock = {
    ...systemClock,
    monotonicMs: () => systemClock.monotonicMs() + skippedMs,
    sleep: async (durationMs: number, signal?: AbortSignal) => {
      const reallyMs = durationMs === 1_000 ? 100 : 1;
      steps++;
      await systemClock.sleep(reallyMs, signal);
      skippedMs += durationMs - reallyMs;
    },
  };
  const asked: string[] = [];
  let connections = 0;
  const refusedBy = async (behave: (socket: Socket) => void, expected: { code: string; message: RegExp }) => {
    connections = 0;
    const server = createTcpServer((socket) => {
      connections++;
      socket.on("error", () => {});
      socket.on("data", (bytes: Buffer) => asked.push(bytes.toString("latin1")));
      behave(socket);
    });
    t.after(() => server.close());
    const address = `sc://127.0.0.1:${await portOf(server)}/;use_ssl=false;token=secret`;
    await assert.rejects(SparkSession.connect(address, { clock }), { ...expected, nextStep: /15002/ });
  };
  const message = /answers in another protocol than Spark Connect \("SSH-2\.0-x" …\)\.$/;
  await refusedBy((socket) => socket.write("SSH-2.0-x\r\n"), { code: "SPARK_OTHER_PROTOCOL", message });
  assert.equal(connections, 1, "no second try");
  steps = 0;
  await refusedBy(() => {}, { code: "SPARK_UNREACHABLE", message: /takes connections and stays silent\.$/ });
  assert.equal(connections, 1, "no second try");
  assert.equal(steps, 20, "the pause of a busy server is waited for");
  const closes = { code: "SPARK_UNREACHABLE", message: /takes connections and closes them at once\.$/ };
  await refusedBy((socket) => socket.end(), closes);
  assert.ok(connections > 1, "what a proxy does while its server starts is tried again");
  await refusedBy((socket) => socket.resetAndDestroy(), closes);
  assert.ok(asked.every((text) => !text.includes("secret")));
});

test("a server that starts, or whose proxy waits for it, is found", async (t) => {
  await using spark = await scriptedSpark();
  let early = 3;
  const proxy = createTcpServer((socket) => {
    if (early-- > 0) return socket.destroy();
    const upstream = connectTcp(Number(spark.address.split(":").at(-1)), "127.0.0.1");
    socket.pipe(upstream).pipe(socket);
    socket.on("error", () => upstream.destroy());
    upstream.on("error", () => socket.destroy());
  });
  t.after(() => proxy.close());
  const port = await portOf(proxy);
  proxy.close();
  const retries = { ...FAST, attempts: 200, firstDelayMs: 20, longestDelayMs: 20 };
  const connecting = SparkSession.connect(`sc://127.0.0.1:${port}`, { retries });
  await new Promise((resolve) => setTimeout(resolve, 60));
  proxy.listen(port, "127.0.0.1");
  const session = await connecting;
  assert.ok(early < 0);
  session.close();
});

test("a server that greets and never answers is given two minutes", async (t) => {
  const asked = Promise.withResolvers<void>();
  await using spark = await scriptedSpark({
    otherwise: {
      analyzePlan: async (_, { signal }) => {
        asked.resolve();
        return await new Promise((_, reject) => signal.addEventListener("abort", reject));
      },
    },
  });
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const rejected = assert.rejects(SparkSession.connect(spark.address, { retries: FAST }), {
    code: "SPARK_UNREACHABLE",
    message: /does not answer \(the operation timed out\)/,
  });
  await asked.promise;
  t.mock.timers.tick(120_000);
  await rejected;
});

test("errors of connections that broke end no program, however soon the next try follows", async (t) => {
  // A greeting, half a frame, then the end: the session tells of it after its request.
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.end(Buffer.concat([SETTINGS, Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")]));
  });
  t.after(() => server.close());
  const address = `sc://127.0.0.1:${await portOf(server)}`;
  const retries = { ...FAST, firstDelayMs: 0, longestDelayMs: 0 };
  await Promise.all(
    Array.from({ length: 5 }, () =>
      assert.rejects(SparkSession.connect(address, { retries }), { code: "SPARK_OTHER_PROTOCOL" }),
    ),
  );
  await new Promise((resolve) => setTimeout(resolve, 50)); // the sessions close
});

test("a server that is not there is given up when its time is over, whatever tries are left", async () => {
  let nowMs = 0;
  const clock = {
    nowMs: () => nowMs,
    monotonicMs: () => (nowMs += 25_000),
    sleep: (durationMs: number, signal?: AbortSignal) => systemClock.sleep(durationMs, signal),
  };
  const gone = createTcpServer();
  const port = await portOf(gone);
  gone.close();
  const slow = SparkSession.connect(`sc://127.0.0.1:${port}`, {
    clock,
    retries: { ...FAST, attempts: 1_000_000, withinMs: 60_000 },
  });
  await assert.rejects(slow, { code: "SPARK_UNREACHABLE" });
});
