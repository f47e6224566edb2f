import type { Clock } from "../../core/clock.ts";
import { tryFileLock } from "../../core/file-lock.ts";
import { viewMaster } from "./master-view.ts";
import { readSparkRecord, type SparkRecord, sparkFolder, writeSparkRecord } from "./spark-folder.ts";
import { TASKS_AT_ONCE } from "./spark-programs.ts";
import { answers, isProgramAlive, type SparkStartOptions, startSpark, stopSpark } from "./start-spark.ts";

const STATUS_TIMEOUT_MS = 2_000;

/** A local Spark as seen from outside. */
export interface SparkStatus {
  dir: string;
  /** `partial`: some programs run, or one does not answer. */
  state: "absent" | "stopped" | "partial" | "running";
  startedBy: SparkRecord["startedBy"] | null;
  /** For `--spark`. */
  url: string | null;
  /** The driver's page: jobs, queries, executors. */
  page: string | null;
  executors: { wanted: number; running: number } | null;
  programs: { name: string; pid: number | null; answers: boolean; log: string }[];
}

/** Where clients connect. */
export function connectUrl({ ports }: SparkRecord): string {
  return `sc://127.0.0.1:${ports.connect}`;
}

/** The driver's page; its REST API is below it. */
export function driverPage({ ports }: SparkRecord): string {
  return `http://127.0.0.1:${ports.driverPage}`;
}

/** What runs in this folder now; changes nothing. */
export async function localSparkStatus(dir: string): Promise<SparkStatus> {
  const folder = sparkFolder(dir);
  const record = readSparkRecord(folder);
  if (record === undefined) {
    const nothing = { startedBy: null, url: null, page: null, executors: null, programs: [] };
    return { dir: folder.dir, state: "absent", ...nothing };
  }
  const living = new Set(record.programs.filter((program) => isProgramAlive(folder, program)));
  const workers = [...living].filter(({ name }) => name.startsWith("worker")).length;
  const programs = await Promise.all(
    record.programs.map(async (program) => {
      const alive = living.has(program);
      return {
        name: program.name,
        pid: alive ? program.pid : null,
        answers: alive && (await answers(record, program, workers)),
        log: folder.program(program.name).log,
      };
    }),
  );
  const running = programs.filter((program) => program.answers).length;
  const noneAlive = programs.every((program) => program.pid === null);
  const view = noneAlive ? undefined : await viewMaster(record.ports.masterPage, STATUS_TIMEOUT_MS);
  return {
    dir: folder.dir,
    state: running === programs.length ? "running" : noneAlive ? "stopped" : "partial",
    startedBy: record.startedBy,
    url: connectUrl(record),
    page: driverPage(record),
    executors: { wanted: record.executors, running: Math.floor((view?.coresUsed ?? 0) / TASKS_AT_ONCE) },
    programs,
  };
}

/**
 * Starts the folder's Spark so that it outlives this process, until `stopLocalSpark`. One that a killed run left behind is
 * taken over; one that runs already is left as it is.
 * @returns its status and how many programs had to be started
 * @throws as `startSpark`
 */
export async function startDetachedSpark(
  dir: string,
  options: SparkStartOptions,
): Promise<{ status: SparkStatus; started: number }> {
  const folder = sparkFolder(dir);
  const { record, started } = await startSpark(folder, "start", options);
  const noRun = record.startedBy === "run" ? tryFileLock(folder.ownerLock) : undefined;
  if (noRun !== undefined) {
    writeSparkRecord(folder, { ...record, startedBy: "start" });
    noRun.release();
  }
  return { status: await localSparkStatus(dir), started };
}

/** Stops the folder's Spark, whoever started it, and returns how many programs were running. */
export function stopLocalSpark(dir: string, clock: Clock): Promise<number> {
  return stopSpark(sparkFolder(dir), clock);
}

/** Ends a Spark that a killed run left behind, and the queries in it; one that others use stays. */
export async function stopOrphanedSpark(dir: string, clock: Clock): Promise<void> {
  const folder = sparkFolder(dir);
  if (readSparkRecord(folder)?.startedBy !== "run") return;
  const noRun = tryFileLock(folder.ownerLock);
  if (noRun === undefined) return;
  try {
    await stopSpark(folder, clock);
  } finally {
    noRun.release();
  }
}
