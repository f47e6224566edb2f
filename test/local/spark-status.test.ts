// What is told of a local Spark that never came up, was stopped, or lost a program. Processes are real ones, Spark is not.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemClock as clock } from "../../src/core/clock.ts";
import { freePort, isPortAnswering } from "../../src/local/ports.ts";
import { localSparkStatus, startDetachedSpark } from "../../src/local/spark/local-spark.ts";
import {
  markedProgram,
  type SparkRecord,
  sparkFolder,
  writeSparkRecord,
} from "../../src/local/spark/spark-folder.ts";
import { clickstream } from "../cli/clickstream.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";

test("a Spark that was never started is told so, and stopping it makes no folder", async () => {
  await using folder = await temporaryFolder();
  const dir = join(folder.path, "spark");
  const stop = await clickstream(["spark", "stop", "--spark-dir", dir]);
  assert.deepEqual([stop.exitCode, stop.stdout], [0, "no Spark was running\n"]);
  assert.ok(!existsSync(dir));
  const status = await clickstream(["spark", "status", "--spark-dir", dir]);
  const told = `no Spark was started in ${dir}\n  start it: npx clickstream spark start --spark-dir ${dir}\n`;
  assert.deepEqual([status.exitCode, status.stdout], [0, told]);
});

test("a first start that fails leaves none behind", async () => {
  await using folder = await temporaryFolder();
  const jars = join(folder.path, "no-jars");
  mkdirSync(jars);
  const runtime = { environment: process.env, jars, driverMb: 64, executorMb: 64 };
  await assert.rejects(startDetachedSpark(folder.path, { executors: 2, cores: 2, clock, runtime }), {
    code: "SPARK_NOT_STARTED",
    message: /^The master of the local Spark did not start: it ended before it answered/,
  });
  assert.equal((await localSparkStatus(folder.path)).state, "absent");
});

test("a Spark that was stopped is not listed program by program", async () => {
  await using folder = await temporaryFolder();
  writeSparkRecord(sparkFolder(folder.path), await recordOf({ wanted: "stopped" }));
  const { stdout } = await clickstream(["spark", "status", "--spark-dir", folder.path]);
  assert.match(stdout, /^stopped \(.*\)\n {2}start it: npx clickstream spark start --spark-dir .*\n$/);
});

test("when one worker is gone it is told as missing, and the others as they are", async (t) => {
  await using folder = await temporaryFolder();
  const paths = sparkFolder(folder.path);
  const record = await recordOf({ wanted: "running" });
  const { masterPage, connect } = record.ports;
  const view = JSON.stringify({ aliveworkers: 1, coresused: 2, status: "ALIVE" });
  const programs: Record<string, string> = {
    master: `require("node:http").createServer((_, r) => r.end('${view}')).listen(${masterPage}, "127.0.0.1")`,
    "worker-2": "setInterval(() => {}, 1_000)",
    connect: `require("node:net").createServer().listen(${connect}, "127.0.0.1")`,
  };
  for (const program of record.programs) {
    const script = programs[program.name];
    if (script !== undefined) program.pid = await run(t, script, markedProgram(paths, program).mark);
  }
  writeSparkRecord(paths, record);
  for (const port of [masterPage, connect]) while (!(await isPortAnswering(port, 1_000)));
  const { state, executors, programs: told } = await localSparkStatus(folder.path);
  assert.deepEqual([state, executors], ["partial", { wanted: 2, running: 1 }]);
  assert.deepEqual(
    told.map(({ name, answers }) => [name, answers]),
    [
      ["master", true],
      ["worker-1", false],
      ["worker-2", true],
      ["connect", true],
    ],
  );
  const { stdout } = await clickstream(["spark", "status", "--spark-dir", folder.path]);
  assert.match(stdout, /worker-1 {2}no process {2}does not answer/);
  assert.match(stdout, /\n {2}start what is missing: npx clickstream spark start --spark-dir .*\n$/);
});

async function recordOf({ wanted }: Pick<SparkRecord, "wanted">): Promise<SparkRecord> {
  const [master, masterPage, connect, driverPage] = await Promise.all([1, 2, 3, 4].map(freePort));
  return {
    ...{ format: 1, wanted, startedBy: "start", executors: 2 },
    ports: { master: master!, masterPage: masterPage!, connect: connect!, driverPage: driverPage! },
    programs: ["master", "worker-1", "worker-2", "connect"].map((name) => ({ name, pid: null })),
  };
}

async function run(t: TestContext, script: string, mark: string): Promise<number> {
  const child = spawn(process.execPath, ["-e", script, "--", mark], { stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  await once(child, "spawn");
  return child.pid!;
}
