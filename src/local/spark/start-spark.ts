import { copyFileSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock } from "../../core/clock.ts";
import { ClickstreamError, UsageError } from "../../core/errors.ts";
import { withFileLock } from "../../core/file-lock.ts";
import { isProcessAlive, terminateProcesses } from "../java-process.ts";
import { lastProblem } from "../last-problem.ts";
import { freePort, isPortAnswering, isPortFree } from "../ports.ts";
import { viewMaster } from "./master-view.ts";
import {
  markedProgram,
  readSparkRecord,
  type SparkFolder,
  type SparkPorts,
  type SparkProgram,
  type SparkRecord,
  writeSparkRecord,
} from "./spark-folder.ts";
import { launchProgram, type SparkRuntime } from "./spark-programs.ts";

const LOG_SETTINGS = fileURLToPath(new URL("../log4j2.properties", import.meta.url));
/** Usually 8 s for all of it; a loaded machine takes much longer. */
const ANSWER_WITHIN_MS = 120_000;
const POLL_MS = 100;
const PROBE_TIMEOUT_MS = 2_000;

export interface SparkStartOptions {
  /** Executors of one core. Undefined: as many as the cluster has that runs, else one a core of the machine. */
  executors?: number | undefined;
  /** Cores of the machine. */
  cores: number;
  runtime: SparkRuntime;
  clock: Clock;
  signal?: AbortSignal;
}

/**
 * Brings every program of the folder's Spark up, those that already run excepted: first the master, then the workers,
 * then the Connect server, each when the one before serves.
 * @returns the record and how many programs were started
 * @throws UsageError when `executors` contradicts what runs; ClickstreamError SPARK_NOT_STARTED
 */
export function startSpark(
  folder: SparkFolder,
  startedBy: SparkRecord["startedBy"],
  options: SparkStartOptions,
): Promise<{ record: SparkRecord; started: number }> {
  return withFileLock(folder.lock, options, async () => {
    const previous = readSparkRecord(folder);
    if (previous?.wanted === "stopped") await terminatePrograms(folder, previous.programs, options.clock);
    const running = previous?.programs.some((program) => isProgramAlive(folder, program)) ?? false;
    if (previous !== undefined && running) refuseOtherExecutors(folder, previous, options);
    const record =
      previous !== undefined && running ? previous : await newRecord(previous, startedBy, options);
    writeSparkRecord(folder, record);
    prepareFolder(folder, options.runtime);
    const missing = record.programs.filter((program) => !isProgramAlive(folder, program));
    try {
      for (const role of ["master", "worker", "connect"]) {
        const programs = record.programs.filter(({ name }) => name.startsWith(role));
        for (const program of programs)
          if (missing.includes(program)) launch(folder, record, program, options);
        for (const program of programs) await awaitAnswer(folder, record, program, options);
      }
    } catch (error) {
      if (!running) writeSparkRecord(folder, { ...record, wanted: "stopped" });
      await terminatePrograms(folder, missing, options.clock);
      if (previous === undefined) rmSync(folder.record, { force: true }); // it never was one
      throw error;
    }
    return { record, started: missing.length };
  });
}

/** Starts one program again as it was, when it is gone; undefined when somebody wants the cluster stopped. */
export async function restartProgram(
  folder: SparkFolder,
  name: string,
  options: SparkStartOptions,
): Promise<number | undefined> {
  const started = await withFileLock(folder.lock, options, async () => {
    const record = readSparkRecord(folder);
    if (options.signal?.aborted || record === undefined || record.wanted === "stopped") return undefined;
    const program = record.programs.find((candidate) => candidate.name === name)!;
    if (!isProgramAlive(folder, program)) launch(folder, record, program, options);
    return { record, program };
  });
  if (started === undefined) return undefined;
  await awaitAnswer(folder, started.record, started.program, options);
  return started.program.pid ?? undefined;
}

/** Stops every program of the folder's Spark, whoever started it, and returns how many were running. */
export async function stopSpark(folder: SparkFolder, clock: Clock): Promise<number> {
  if (readSparkRecord(folder) === undefined) return 0; // and no folder is made
  return withFileLock(folder.lock, { clock }, async () => {
    const record = readSparkRecord(folder);
    if (record === undefined) return 0;
    const alive = record.programs.filter((program) => isProgramAlive(folder, program));
    // First, so that no supervisor takes the end of a program for an accident.
    writeSparkRecord(folder, { ...record, wanted: "stopped" });
    await terminatePrograms(folder, record.programs, clock);
    return alive.length;
  });
}

/** Whether the program's process lives. */
export function isProgramAlive(folder: SparkFolder, program: SparkProgram): boolean {
  return isProcessAlive(markedProgram(folder, program));
}

/** Ends programs one after the other, in reverse order of their start. */
async function terminatePrograms(
  folder: SparkFolder,
  programs: readonly SparkProgram[],
  clock: Clock,
): Promise<void> {
  for (const program of programs.toReversed())
    await terminateProcesses([markedProgram(folder, program)], clock);
}

function refuseOtherExecutors(
  folder: SparkFolder,
  { executors }: SparkRecord,
  options: SparkStartOptions,
): void {
  if (options.executors === undefined || options.executors === executors) return;
  throw new UsageError(
    `The Spark of ${folder.dir} runs with --executors ${executors}, and --executors ${options.executors} is asked for.`,
    "Leave --executors out, or stop it first (clickstream spark stop).",
  );
}

async function newRecord(
  previous: SparkRecord | undefined,
  startedBy: SparkRecord["startedBy"],
  options: SparkStartOptions,
): Promise<SparkRecord> {
  const executors = options.executors ?? options.cores;
  const workers = Array.from({ length: executors }, (_, index) => `worker-${index + 1}`);
  return {
    format: 1,
    wanted: "running",
    startedBy,
    executors,
    ports: {
      master: await portAgain(previous, "master"),
      masterPage: await portAgain(previous, "masterPage"),
      connect: await portAgain(previous, "connect"),
      driverPage: await portAgain(previous, "driverPage"),
    },
    programs: ["master", ...workers, "connect"].map((name) => ({ name, pid: null })),
  };
}

/** The port of the last time when it is free, else a free one. */
async function portAgain(previous: SparkRecord | undefined, use: keyof SparkPorts): Promise<number> {
  const port = previous?.ports[use];
  return port !== undefined && (await isPortFree(port)) ? port : freePort();
}

function prepareFolder(folder: SparkFolder, runtime: SparkRuntime): void {
  mkdirSync(folder.home, { recursive: true });
  const jars = join(folder.home, "jars");
  rmSync(jars, { force: true });
  symlinkSync(runtime.jars, jars);
  copyFileSync(LOG_SETTINGS, folder.logSettings);
}

function launch(
  folder: SparkFolder,
  record: SparkRecord,
  program: SparkProgram,
  options: SparkStartOptions,
): void {
  mkdirSync(folder.program(program.name).dir, { recursive: true });
  program.pid = launchProgram(folder, record, program, options.runtime);
  writeSparkRecord(folder, record);
}

/**
 * Returns when a program serves; for a worker, when as many have registered as there are.
 * @throws ClickstreamError SPARK_NOT_STARTED when its process ends or time is up, the signal's reason
 */
async function awaitAnswer(
  folder: SparkFolder,
  record: SparkRecord,
  program: SparkProgram,
  { clock, signal }: { clock: Clock; signal?: AbortSignal },
): Promise<void> {
  const deadlineMs = clock.monotonicMs() + ANSWER_WITHIN_MS;
  while (!(await answers(record, program, record.executors))) {
    signal?.throwIfAborted();
    if (!isProgramAlive(folder, program)) throw notStarted(folder, program, "it ended before it answered");
    if (clock.monotonicMs() > deadlineMs) {
      throw notStarted(folder, program, `no answer within ${ANSWER_WITHIN_MS / 1000} s`);
    }
    await clock.sleep(POLL_MS, signal);
  }
}

/** Whether a program serves; a worker does when the master counts `workers`, which it knows by no name of ours. */
export async function answers(
  { ports }: Pick<SparkRecord, "ports">,
  { name }: SparkProgram,
  workers: number,
): Promise<boolean> {
  if (name === "connect") return isPortAnswering(ports.connect, PROBE_TIMEOUT_MS);
  const view = await viewMaster(ports.masterPage, PROBE_TIMEOUT_MS);
  return view !== undefined && (name === "master" || view.workers >= workers);
}

function notStarted(folder: SparkFolder, { name }: SparkProgram, what: string): ClickstreamError {
  const { log, printed } = folder.program(name);
  const reason = lastProblem(log) ?? lastProblem(printed);
  return new ClickstreamError({
    code: "SPARK_NOT_STARTED",
    message: `The ${name} of the local Spark did not start: ${what}${reason === undefined ? "" : ` (${reason})`}.`,
    nextStep: `Read ${log} and ${printed}.`,
  });
}
