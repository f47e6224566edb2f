// What a person is told whose address, certificate or token does not fit what answers.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { test } from "node:test";
import { SparkSession } from "../../../src/engines/spark/connect/session.ts";
import { Authority } from "../../services/certificates.ts";
import { temporaryFolder } from "../../sinks/temporary-folder.ts";
import { scriptedSpark } from "./scripted-spark.ts";
import { tlsProxy } from "./tls-proxy.ts";

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
});

test("a port of a page, of another service, and one where nothing listens each have a sentence of their own", async (t) => {
  const page = createServer((_, response) => response.end("a page"));
  const foreign = createHttp2Server((_, response) => response.writeHead(404).end());
  t.after(() => page.close());
  t.after(() => foreign.close());
  const connect = (port: number) => SparkSession.connect(`sc://127.0.0.1:${port}`, { retries: FAST });
  await assert.rejects(connect(await portOf(page)), {
    code: "SPARK_OTHER_PROTOCOL",
    message: /^Spark at sc:\/\/127\.0\.0\.1:\d+ does not answer as a Spark Connect server does\.$/,
    nextStep: /port/,
  });
  const foreignPort = await portOf(foreign);
  await assert.rejects(connect(foreignPort), { code: "SPARK_OTHER_PROTOCOL", message: /knows nothing of/ });
  const gone = createTcpServer();
  const gonePort = await portOf(gone);
  gone.close();
  await assert.rejects(connect(gonePort), { code: "SPARK_UNREACHABLE", message: /ECONNREFUSED/ });
});

test("errors of connections that broke end no program, however soon the next try follows", async (t) => {
  // Half a frame, then the end: the session tells of it after its request.
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
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

test("a server that is silent is given up when its time is over, whatever tries are left", async () => {
  let nowMs = 0;
  const clock = {
    nowMs: () => nowMs,
    monotonicMs: () => (nowMs += 25_000),
    sleep: async () => {},
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
