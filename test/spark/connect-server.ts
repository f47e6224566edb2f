// A Connect server alone, its executor inside, for what the shared cluster's is not made for: a token, short sessions.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock as clock } from "../../src/core/clock.ts";
import { ensureJars } from "../../src/local/jars.ts";
import { isProcessAlive, terminateProcesses } from "../../src/local/java-process.ts";
import { freePort, isPortAnswering } from "../../src/local/ports.ts";
import { SPARK } from "../../src/local/software.ts";
import { markedProgram, type SparkRecord, sparkFolder } from "../../src/local/spark/spark-folder.ts";
import { launchProgram } from "../../src/local/spark/spark-programs.ts";

const environment = process.env;

export interface ConnectServer extends AsyncDisposable {
  /** `host:port`. */
  address: string;
}

/** Starts it in a folder of its own (some 8 s on a quiet machine). */
export async function connectServer(
  dir: string,
  settings: Readonly<Record<string, string>>,
): Promise<ConnectServer> {
  const folder = sparkFolder(dir);
  const connect = { name: "connect", pid: null as number | null };
  const ports = {
    ...{ master: 1, masterPage: 1 },
    ...{ connect: await freePort(), driverPage: await freePort() },
  };
  const record: SparkRecord = {
    ...{ format: 1, wanted: "running", startedBy: "run" },
    ...{ executors: 1, ports, programs: [connect] },
  };
  mkdirSync(folder.program("connect").dir, { recursive: true });
  connect.pid = launchProgram(folder, record, connect, {
    ...{ environment, driverMb: 768, executorMb: 512 },
    jars: await ensureJars({ environment, clock, software: SPARK }),
    settings: { "spark.master": "local[1]", "spark.ui.enabled": "false", ...settings },
  });
  while (!(await isPortAnswering(ports.connect, 1_000))) {
    assert.ok(isProcessAlive(markedProgram(folder, connect)), "the server ended");
    await delay(100);
  }
  return {
    address: `127.0.0.1:${ports.connect}`,
    [Symbol.asyncDispose]: () => terminateProcesses([markedProgram(folder, connect)], clock),
  };
}
