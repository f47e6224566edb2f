// Spark's rows in PostgreSQL, server and program killed: the tables hold what Spark has committed, and verify agrees.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SparkWindows } from "../../src/app/spark/spark-windows.ts";
import { readManifest } from "../../src/sinks/manifest-file.ts";
import { runCommand, startCommand } from "../services/command-line.ts";
import { tableContents } from "../services/postgres-contents.ts";
import { noPostgres, PASSWORD, TestPostgres } from "../services/postgres-server.ts";
import { sharedCluster } from "./cluster.ts";

const EVENTS = 40_000; // one a millisecond
const WINDOWS = ["--window", "10s", "--slide", "2s", "--delay", "5s", "--max-ahead", "1s"];
const TOPIC = "copied";

test("tables hold what Spark has committed, whatever was killed", { skip: noPostgres }, async (t) => {
  const cluster = await sharedCluster();
  const postgres = await TestPostgres.start();
  t.after(() => postgres.close());
  const brokers = cluster.brokers.join(",");
  const generated = await runCommand(
    cluster.folder,
    ...["generate", "--brokers", brokers, "--topic", TOPIC, "--events", String(EVENTS)],
    ...["--out-of-order", "1s", "--late", "0", "--broken", "0.001", "--log-level", "warn"],
  );
  assert.equal(generated.code, 0, generated.stderr);
  const output = join(cluster.folder, "copied");
  const topic = ["--brokers", brokers, "--topic", TOPIC, "--output", output, "--log-level", "warn"];
  const database = ["--postgres", postgres.url, "--postgres-password-file", postgres.passwordFile];
  const spark = ["process", "--engine", "spark", "--spark", cluster.url, ...topic, ...database, ...WINDOWS];
  spark.push("--shuffle-partitions", "2", "--max-offsets-per-trigger", "8000");

  const run = startCommand(cluster.folder, ...spark, "--trigger", "0s");
  t.after(() => run.child.kill("SIGKILL"));
  const ended = run.ended.then(({ stderr }) => assert.fail(`it ended too early: ${stderr}`));
  const written = async (): Promise<number> => {
    const found = postgres.query<{ n: string }>("SELECT count(*) AS n FROM clickstream._windows");
    return found.then(
      ([row]) => Number(row?.n),
      () => 0, // not there yet
    );
  };
  const grown = async (before: number): Promise<void> => {
    while ((await written()) <= before) await Promise.race([delay(50), ended]);
  };
  await grown(0);
  await postgres.kill();
  await postgres.restart();
  await grown(await written());
  run.child.kill("SIGKILL");
  ended.catch(() => {});
  const killed = await run.ended;
  assert.match(killed.stderr, /POSTGRES_UNREACHABLE|can't be reached/);
  assert(!killed.stderr.includes(PASSWORD));

  const rest = await runCommand(cluster.folder, ...spark, "--until-end");
  assert.equal(rest.code, 0, rest.stderr);
  const manifest = await readManifest(output);
  assert(manifest !== undefined);
  const files = new SparkWindows(output, manifest);
  const expected = new Map<string, string>();
  for await (const { query, windowStartMs, bytes } of files.read(await files.list())) {
    expected.set(`${query}@${windowStartMs}`, Buffer.from(bytes).toString());
  }
  assert(expected.size > 0);
  assert.deepEqual(await tableContents(postgres, "clickstream", manifest.queries), expected);
  const verified = await runCommand(cluster.folder, "verify", ...topic, ...database);
  assert.equal(verified.code, 0, `${verified.stdout}${verified.stderr}`);
  assert.match(verified.stdout, /PostgreSQL: .* rows agree with the files, 0 differ/);
});
