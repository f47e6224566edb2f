// Executor, Connect server and this program killed in the middle of a run: the rows are those of an undisturbed one, and
// the page, the API and the metrics tell what Spark does and what it left.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../src/local/ports.ts";
import { committedFiles } from "../../src/sinks/spark-files.ts";
import { type RunningCommand, runCommand, startCommand } from "../services/command-line.ts";
import { sharedCluster, type TestCluster } from "./cluster.ts";
import { checkOutputOfSpark, checkRunUnderSpark } from "./page-of-spark.ts";

const EVENTS = 60_000; // one a millisecond
const WINDOWS = ["--window", "10s", "--slide", "2s", "--delay", "15s", "--max-ahead", "5s"];
const TOPIC = "killed";
/** Two suffice: each is a query of its own at Spark, with a checkpoint of its own, as are what judges and the dead letters. */
const QUERIES = ["pages", "totals"];
const CONFIG = `
import { count, countDistinct, defineConfig, query, timeSpan } from "clickstream";
export default defineConfig({
  standardQueries: false,
  queries: [
    query("pages", { by: ["url"], measures: { events: count(), users: countDistinct("user_id") } }),
    query("totals", { by: [], measures: { events: count(), seconds: timeSpan("session_id") } }),
  ],
});
`;

test("rows are exact after the deaths of an executor, of the Connect server and of this program", async (t) => {
  const cluster = await sharedCluster();
  const brokers = cluster.brokers.join(",");
  await writeFile(join(cluster.folder, "clickstream.config.ts"), CONFIG);
  const generated = await runCommand(
    cluster.folder,
    ...["generate", "--brokers", brokers, "--topic", TOPIC, "--events", String(EVENTS)],
    ...["--out-of-order", "2s", "--late", "0", "--broken", "0.001", "--log-level", "warn"],
  );
  assert.equal(generated.code, 0, generated.stderr);
  const common = ["process", "--engine", "spark", "--spark", cluster.url, "--brokers", brokers];
  const settings = [...WINDOWS, "--shuffle-partitions", "2", "--log-level", "warn"];
  const processing = [...common, "--topic", TOPIC, ...settings];

  const whole = join(cluster.folder, "whole");
  const undisturbed = await runCommand(cluster.folder, ...processing, "--until-end", "--output", whole);
  assert.equal(undisturbed.code, 0, undisturbed.stderr);
  assert.equal((JSON.parse(undisturbed.stdout) as { read: number }).read, EVENTS);

  const output = join(cluster.folder, "disturbed");
  await mkdir(output);
  const small = ["--trigger", "0s", "--max-offsets-per-trigger", "2500", "--output", output];
  let run = begin(t, cluster, ...processing, ...small);
  await batches(run, output, 4);
  process.kill(executorPid(cluster), "SIGKILL");
  await batches(run, output, 10);
  process.kill(programPid(cluster, "connect"), "SIGKILL");
  await batches(run, output, 16);
  run.child.kill("SIGKILL");
  await run.ended;
  // The same server, found by its folder: then its executors are known, too.
  const port = await freePort();
  const found = processing.map((word) =>
    word === "--spark" ? "--spark-dir" : word === cluster.url ? cluster.sparkDir : word,
  );
  run = begin(t, cluster, ...found, ...small, "--http", String(port));
  const early = run.ended.then((result) => assert.fail(`it ended too early: ${result.stderr}`));
  early.catch(() => {});
  await checkRunUnderSpark(`http://127.0.0.1:${port}`, { queries: QUERIES, executors: 2, ended: early });
  await batches(run, output, 22);
  run.child.kill("SIGINT");
  const stopped = await run.ended;
  assert.equal(stopped.code, 0, stopped.stderr);

  const rest = await runCommand(cluster.folder, ...processing, "--until-end", "--output", output);
  assert.equal(rest.code, 0, rest.stderr);
  const rows = new Map<string, string[]>();
  for (const name of QUERIES) {
    const expected = await committedRows(whole, name);
    assert.ok(expected.length > 0, name);
    assert.deepEqual(await committedRows(output, name), expected, name);
    rows.set(name, expected);
  }
  await checkOutputOfSpark(cluster.folder, output, rows);
});

/** All rows that Spark committed, as text and sorted, so that two outputs can be compared. */
async function committedRows(output: string, query: string): Promise<string[]> {
  const files = await committedFiles(output, query);
  return files
    .flatMap((file) =>
      readFileSync(file, "utf8")
        .split("\n")
        .filter((row) => row !== ""),
    )
    .sort();
}

function begin(t: TestContext, { folder }: TestCluster, ...args: string[]): RunningCommand {
  const run = startCommand(folder, ...args);
  t.after(() => run.child.kill("SIGKILL"));
  return run;
}

/** Returns when so many batches are committed, of all queries; the one that judges has 24 of them. */
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
