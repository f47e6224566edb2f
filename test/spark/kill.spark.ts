// Executor, Connect server, session and this program ended in the middle of a run: it goes on, the rows are the meaning's, and
// the page, the API and the metrics tell what Spark does and what it left.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { SparkVerification } from "../../src/app/verification/verify-spark.ts";
import { verify } from "../../src/app/verify.ts";
import { systemClock as clock } from "../../src/core/clock.ts";
import { SparkSession } from "../../src/engines/spark/connect/api.ts";
import { readState, writeState } from "../../src/engines/spark/spark-state.ts";
import { freePort } from "../../src/local/ports.ts";
import { committedFiles } from "../../src/sinks/spark-files.ts";
import { type Ended, type RunningCommand, runCommand, startCommand } from "../services/command-line.ts";
import { sharedCluster, type TestCluster } from "./cluster.ts";
import { checkOutputOfSpark, checkRunUnderSpark } from "./page-of-spark.ts";

const EVENTS = 60_000; // one a millisecond
const WINDOWS = ["--window", "10s", "--slide", "2s", "--delay", "15s", "--max-ahead", "5s"];
const TOPIC = "killed";
/** Two suffice: each is a query of its own at Spark, with a checkpoint of its own, as are what judges and the dead letters. */
const QUERIES = ["pages", "totals"];
const configWith = (...keys: string[]): string => `
import { count, countDistinct, defineConfig, query, timeSpan } from "clickstream";
export default defineConfig({
  standardQueries: false,
  queries: [
    query("pages", { by: ${JSON.stringify(keys)}, measures: { events: count(), users: countDistinct("user_id") } }),
    query("totals", { by: [], measures: { events: count(), seconds: timeSpan("session_id") } }),
  ],
});
`;

test("a run outlives the deaths of an executor, the Connect server, its session and this program", async (t) => {
  const cluster = await sharedCluster();
  await writeFile(join(cluster.folder, "clickstream.config.ts"), configWith("url"));
  await generate(cluster, EVENTS);
  const output = join(cluster.folder, "disturbed");
  await mkdir(output);
  const processing = processArguments(cluster, output);
  const small = ["--trigger", "0s", "--max-offsets-per-trigger", "2000"];

  let run = begin(t, cluster, ...processing, ...small);
  await batches(run, output, 3);
  process.kill(executorPid(cluster), "SIGKILL");
  await batches(run, output, 5);
  process.kill(programPid(cluster, "connect"), "SIGKILL");
  await batches(run, output, 7);

  const closed = stateOf(output).sessionId;
  const other = await SparkSession.connect(cluster.url, { sessionId: closed });
  await other.release(); // with its queries, as a server does whose time for idle sessions is over
  await batches(run, output, 9);
  assert.notEqual(stateOf(output).sessionId, closed);

  run.child.kill("SIGKILL");
  assert.match((await run.ended).stderr, /Spark at .* The queries are looked for, or started again\./);
  const { sessionId, totals } = stateOf(output);
  const observer = await SparkSession.connect(cluster.url, { sessionId });
  t.after(() => observer.close());
  const runs = async () =>
    (await observer.streams.active()).map(({ name, runId }) => `${name} ${runId}`).sort();
  const orphans = await runs();
  assert.equal(orphans.length, QUERIES.length + 2, "the queries go on");
  // The same server, found by its folder: then its executors are known, too.
  const port = await freePort();
  const found = processing.map((word) =>
    word === "--spark" ? "--spark-dir" : word === cluster.url ? cluster.sparkDir : word,
  );
  run = begin(t, cluster, ...found, ...small, "--http", String(port));
  await progressed(run, output, totals.judged_events!.batchId);
  const early = run.ended.then((result) => assert.fail(`it ended too early: ${result.stderr}`));
  early.catch(() => {});
  await checkRunUnderSpark(`http://127.0.0.1:${port}`, { queries: QUERIES, executors: 2, ended: early });
  assert.deepEqual(await runs(), orphans, "and nothing started them again");
  assert.equal(stateOf(output).sessionId, sessionId);
  run.child.kill("SIGINT");
  const stopped = await run.ended;
  assert.equal(stopped.code, 0, stopped.stderr);

  await t.test(
    "a query that changed is refused by name, and so is one whose checkpoint Spark can't fit",
    () => refusesMisfits(cluster, output),
  );
  // One drain for all of it: what was killed, and what was refused.
  const rest = await runCommand(cluster.folder, ...processing, "--until-end");
  assert.equal(rest.code, 0, rest.stderr);
  await agrees(cluster, output, 15);
  const rows = new Map<string, string[]>();
  for (const name of QUERIES) rows.set(name, await committedRows(output, name));
  await checkOutputOfSpark(cluster.folder, output, rows);
});

async function refusesMisfits(cluster: TestCluster, output: string): Promise<void> {
  const config = join(cluster.folder, "clickstream.config.ts");
  const processing = [...processArguments(cluster, output), "--until-end"];
  await writeFile(config, configWith("url", "browser"));
  const refused = (ended: Ended, code: string) => {
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, new RegExp(`^error: .*\\bpages\\b.* \\[${code}\\]\n  .*--fresh`, "m"));
    assert.doesNotMatch(ended.stderr, /\n\s+at /);
  };
  refused(await runCommand(cluster.folder, ...processing), "QUERY_CHANGED");

  // As if this program had not noticed.
  const state = stateOf(output);
  const queries = state.ownership.queries.map((plan) =>
    plan.name === "pages" ? { ...plan, by: ["url", "browser"] as const } : plan,
  );
  writeState(output, { ...state, ownership: { ...state.ownership, queries } });
  await generate(cluster, EVENTS + 1_000);
  refused(await runCommand(cluster.folder, ...processing), "CHECKPOINT_MISFIT");

  writeState(output, state);
  await writeFile(config, configWith("url"));
}

async function generate({ folder, brokers }: TestCluster, events: number): Promise<void> {
  const generated = await runCommand(
    folder,
    ...["generate", "--brokers", brokers.join(","), "--topic", TOPIC, "--events", String(events)],
    ...["--out-of-order", "2s", "--late", "0", "--broken", "0.001", "--log-level", "warn"],
  );
  assert.equal(generated.code, 0, generated.stderr);
}

function processArguments({ url, brokers }: TestCluster, output: string): string[] {
  return [
    ...["process", "--engine", "spark", "--spark", url, "--brokers", brokers.join(","), "--topic", TOPIC],
    ...[...WINDOWS, "--shuffle-partitions", "2", "--log-level", "warn", "--output", output],
  ];
}

/** Every row of the windows that Spark closed is what the meaning says of all events. */
async function agrees({ brokers }: TestCluster, output: string, leastWindows: number): Promise<void> {
  const kafka = { brokers, clientId: "test" };
  const found = (await verify({ kafka, topic: TOPIC, output, clock })) as SparkVerification;
  assert.deepEqual(found.differences, []);
  assert.equal(found.agreeing, found.rows);
  assert.ok(found.windows >= leastWindows, `${found.windows} windows`);
  assert.deepEqual(new Set(found.dropped.values()), new Set([0]));
}

/** All rows that Spark committed, as text. */
async function committedRows(output: string, query: string): Promise<string[]> {
  const files = await committedFiles(output, query);
  return files.flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .filter((row) => row !== ""),
  );
}

function stateOf(output: string) {
  const state = readState(output);
  assert.ok(state !== undefined);
  return state;
}

/** Returns when the run has heard of a later batch of records that were judged. */
async function progressed(run: RunningCommand, output: string, batch: number): Promise<void> {
  const ended = run.ended.then((result) => assert.fail(`it ended too early: ${result.stderr}`));
  while (stateOf(output).totals.judged_events!.batchId <= batch) await Promise.race([delay(100), ended]);
  ended.catch(() => {});
}

function begin(t: TestContext, { folder }: TestCluster, ...args: string[]): RunningCommand {
  const run = startCommand(folder, ...args);
  t.after(() => run.child.kill("SIGKILL"));
  return run;
}

/** Returns when so many batches are committed, of all queries; the one that judges has 30 of them. */
async function batches(run: RunningCommand, output: string, count: number): Promise<void> {
  const ended = run.ended.then((result) => assert.fail(`it ended too early: ${result.stderr}`));
  const committed = () =>
    ["judged_events", ...QUERIES, "dead_letters"].reduce((sum, name) => {
      try {
        const names = readdirSync(join(output, "checkpoints", name, "commits"));
        return sum + names.filter((file) => /^\d+$/.test(file)).length;
      } catch {
        return sum; // not there yet
      }
    }, 0);
  while (committed() < count) await Promise.race([delay(100), ended]);
  ended.catch(() => {});
}

function programPid({ sparkDir }: TestCluster, name: string): number {
  const { programs } = JSON.parse(readFileSync(join(sparkDir, "spark.json"), "utf8")) as {
    programs: { name: string; pid: number }[];
  };
  return programs.find((program) => program.name === name)!.pid;
}

function executorPid({ sparkDir }: TestCluster): number {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return line.includes("CoarseGrainedExecutorBackend") && line.includes(sparkDir);
    } catch {
      return false; // gone meanwhile
    }
  });
  assert.ok(found !== undefined, "no executor runs");
  return Number(found);
}
