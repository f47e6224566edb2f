// A server that wants a token, with TLS ended in front of it, as it is done on real clusters; it closes idle sessions soon.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemClock as clock } from "../../src/core/clock.ts";
import { SparkSession, streamRelation } from "../../src/engines/spark/connect/api.ts";
import { watchQueries } from "../../src/engines/spark/running-job.ts";
import { tlsProxy } from "../engines/spark/tls-proxy.ts";
import { Authority } from "../services/certificates.ts";
import { runCommand } from "../services/command-line.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";
import { sharedCluster } from "./cluster.ts";
import { connectServer } from "./connect-server.ts";

const TOKEN = "token-of-the-tests";
const IDLE_SECONDS = 12;

test("a token and TLS are asked for, and a session lives as long as it is watched", async (t) => {
  await using folder = await temporaryFolder();
  await using server = await connectServer(folder.path, {
    "spark.connect.authenticate.token": TOKEN,
    "spark.connect.session.manager.defaultSessionTimeout": `${IDLE_SECONDS}s`,
    "spark.connect.session.manager.maintenanceInterval": "1s",
  });
  const authority = await Authority.create(folder.path, "authority");
  await using proxy = await tlsProxy(server.address, await authority.sign("proxy", "IP:127.0.0.1"));
  const ca = await readFile(authority.path, "utf8");
  const way: Way = { plain: server.address, tls: `127.0.0.1:${proxy.port}`, ca };
  await t.test("a session over TLS with the token", () => talksOverTls(way));
  await t.test("a wrong token, none, and a strange certificate are each told in a sentence", () =>
    refusesStrangers(way),
  );
  await t.test("a session with watched queries outlives the server's time for idle ones", (t) =>
    keepsWatchedSession(t, way, join(folder.path, "checkpoint")),
  );
});

/** `host:port` of the server, and of what ends TLS before it. */
interface Way {
  plain: string;
  tls: string;
  ca: string;
}

async function talksOverTls({ tls, ca }: Way): Promise<void> {
  const session = await SparkSession.connect(`sc://${tls}/;use_ssl=true;token=${TOKEN}`, { ca });
  assert.deepEqual(await session.rows("SELECT 1 + 1 AS two"), [{ two: 2 }]);
  await session.release();
}

async function refusesStrangers({ plain, tls, ca }: Way): Promise<void> {
  const denied = (error: Error) => {
    assert.match(error.message, /^Spark at sc:\/\/127\.0\.0\.1:\d+ refuses access \([^\n]+\)\.$/);
    assert.ok(!JSON.stringify([error, error.stack, error.cause]).includes("wrong-secret"));
    return "code" in error && error.code === "SPARK_DENIED";
  };
  await assert.rejects(SparkSession.connect(`sc://${tls}/;token=wrong-secret`, { ca }), denied);
  await assert.rejects(SparkSession.connect(`sc://${tls}/;use_ssl=true`, { ca }), denied);
  await assert.rejects(SparkSession.connect(`sc://${plain}`), denied);
  await assert.rejects(SparkSession.connect(`sc://${plain}/;use_ssl=false;token=wrong-secret`), denied);

  const { brokers, folder } = await sharedCluster();
  const kafka = ["--brokers", brokers.join(","), "--topic", "secured"];
  await runCommand(folder, "generate", ...kafka, "--events", "10", "--log-level", "warn");
  for (const [spark, said] of [
    [`sc://${tls}/;token=wrong-secret`, /certificate that is signed by an authority that is not trusted/],
    [`sc://${plain}/;use_ssl=false;token=wrong-secret`, /refuses access/],
    ["sc://spark.example/;use_ssl=false;token=wrong-secret", /over TLS only/],
  ] as const) {
    const output = ["--output", join(folder, "secured"), "--log-level", "trace"];
    const { code, stdout, stderr } = await runCommand(
      folder,
      ...["process", "--engine", "spark", "--spark", spark, ...kafka, ...output],
    );
    assert.ok(code === 1 || code === 2, `${code}: ${stderr}`);
    assert.match(stderr, said);
    assert.doesNotMatch(stdout + stderr, /wrong-secret|\n\s+at /);
  }
}

async function keepsWatchedSession(
  t: TestContext,
  { plain }: Way,
  checkpointLocation: string,
): Promise<void> {
  const address = `sc://${plain}/;use_ssl=false;token=${TOKEN}`;
  const watched = await SparkSession.connect(address);
  t.after(() => watched.close());
  const query = await watched.start({
    input: streamRelation("rate", { rowsPerSecond: "1" }),
    ...{ name: "ticks", format: "noop", outputMode: "append", trigger: { processingTimeMs: 1_000 } },
    options: { checkpointLocation },
  });
  const idle = await SparkSession.connect(address);
  t.after(() => idle.close());

  const signal = AbortSignal.timeout(1.5 * IDLE_SECONDS * 1_000);
  await watchQueries(watched, [query], { clock, signal, onProgress: () => {} });
  const active = await watched.streams.active();
  assert.deepEqual(
    active.map(({ runId }) => runId),
    [query.runId],
  );
  await assert.rejects(idle.keepAlive(), { code: "SPARK_SESSION_GONE" });
}
