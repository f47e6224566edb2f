// The shared cluster's Connect server wants a token; TLS is ended in front of it, as it is done on real clusters.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { SparkSession } from "../../src/engines/spark/connect/api.ts";
import { tlsProxy } from "../engines/spark/tls-proxy.ts";
import { Authority } from "../services/certificates.ts";
import { runCommand } from "../services/command-line.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";
import { sharedCluster, TOKEN } from "./cluster.ts";

test("a session over TLS with a token; a wrong one, none, and a strange certificate are told in a sentence", async () => {
  const { server, brokers, folder } = await sharedCluster();
  await using certificates = await temporaryFolder();
  const authority = await Authority.create(certificates.path, "authority");
  const ca = await readFile(authority.path, "utf8");
  await using proxy = await tlsProxy(server, await authority.sign("proxy", "IP:127.0.0.1"));
  const address = (token: string) => `sc://127.0.0.1:${proxy.port}/;use_ssl=true;token=${token}`;

  const session = await SparkSession.connect(address(TOKEN), { ca });
  assert.deepEqual(await session.rows("SELECT 1 + 1 AS two"), [{ two: 2 }]);
  await session.release();

  const denied = (error: Error) => {
    assert.match(error.message, /^Spark at sc:\/\/127\.0\.0\.1:\d+ refuses access \([^\n]+\)\.$/);
    assert.ok(!JSON.stringify([error, error.stack, error.cause]).includes("wrong-secret"));
    return "code" in error && error.code === "SPARK_DENIED";
  };
  await assert.rejects(SparkSession.connect(address("wrong-secret"), { ca }), denied);
  await assert.rejects(SparkSession.connect(`sc://127.0.0.1:${proxy.port}/;use_ssl=true`, { ca }), denied);
  await assert.rejects(SparkSession.connect(`sc://${server}`), denied);
  await assert.rejects(SparkSession.connect(`sc://${server}/;use_ssl=false;token=wrong-secret`), denied);

  const topic = "secured";
  const events = ["--topic", topic, "--events", "10", "--log-level", "warn"];
  await runCommand(folder, "generate", "--brokers", brokers.join(","), ...events);
  const run = (spark: string) =>
    runCommand(
      folder,
      ...["process", "--engine", "spark", "--spark", spark, "--brokers", brokers.join(",")],
      ...["--topic", topic, "--output", join(folder, "secured"), "--log-level", "trace"],
    );
  for (const [spark, said] of [
    [address("wrong-secret"), /certificate that is signed by an authority that is not trusted/],
    [`sc://${server}/;use_ssl=false;token=wrong-secret`, /refuses access/],
    [`sc://spark.example/;use_ssl=false;token=wrong-secret`, /over TLS only/],
  ] as const) {
    const { code, stdout, stderr } = await run(spark);
    assert.ok(code === 1 || code === 2, `${code}: ${stderr}`);
    assert.match(stderr, said);
    assert.doesNotMatch(stdout + stderr, /wrong-secret|\n\s+at /);
  }
});
