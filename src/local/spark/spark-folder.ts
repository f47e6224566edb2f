import { join, resolve } from "node:path";
import type { MarkedProcess } from "../java-process.ts";
import { readRecordFile, writeRecordFile } from "../record-file.ts";
import { SPARK } from "../software.ts";

/** A program of the cluster: `master`, `worker-1` … `worker-n`, `connect`. */
export interface SparkProgram {
  name: string;
  /** Null before its first start. The process may be gone, and the number may belong to another program by now. */
  pid: number | null;
}

/** Ports on 127.0.0.1 that stay the same over restarts. */
export interface SparkPorts {
  /** Where workers and drivers find the master. */
  master: number;
  /** The master's page and JSON. */
  masterPage: number;
  /** Spark Connect. */
  connect: number;
  /** The driver's page and REST API. */
  driverPage: number;
}

/** `spark.json`: what a local Spark is and what should become of it; the meeting point of the processes that use it. */
export interface SparkRecord {
  format: 1;
  /** `stopped`: nobody may start a program again but the next start. */
  wanted: "running" | "stopped";
  /** Who stops it: `spark stop`, or the run that started it and, should that be killed, the next run. */
  startedBy: "start" | "run";
  executors: number;
  ports: SparkPorts;
  /** In the order in which they start. */
  programs: SparkProgram[];
}

/** The paths of a local Spark's folder. */
export interface SparkFolder {
  dir: string;
  record: string;
  /** Held while something starts or stops programs. */
  lock: string;
  /** Held by the run that supervises the programs, for as long as it lives. */
  ownerLock: string;
  /** A SPARK_HOME: its `jars` lead to the cache. */
  home: string;
  logSettings: string;
  /** The working folder of a program; its log and what it prints lie there. */
  program(name: string): { dir: string; log: string; printed: string };
}

/** In the folder of each program. */
export const SPARK_LOG = "spark.log";

export function sparkFolder(dir: string): SparkFolder {
  const root = resolve(dir);
  return {
    dir: root,
    record: join(root, "spark.json"),
    lock: join(root, "start-stop.lock"),
    ownerLock: join(root, "owner.lock"),
    home: join(root, "home"),
    logSettings: join(root, "log4j2.properties"),
    program(name) {
      const dir = join(root, name);
      return { dir, log: join(dir, SPARK_LOG), printed: join(dir, "printed.log") };
    },
  };
}

/**
 * The record of the Spark in this folder, undefined when there is none.
 * @throws ClickstreamError SPARK_RECORD_UNREADABLE
 */
export function readSparkRecord(folder: SparkFolder): SparkRecord | undefined {
  const nextStep = `Remove ${folder.record}, after ending the java processes that name ${folder.dir}.`;
  return readRecordFile<SparkRecord>(folder.record, 1, { software: SPARK, nextStep });
}

/** Replaces the record, whole or not at all. */
export function writeSparkRecord(folder: SparkFolder, record: SparkRecord): void {
  writeRecordFile(folder.record, record);
}

/** A program's process, by an argument that no other process has: its folder. */
export function markedProgram(folder: SparkFolder, { name, pid }: SparkProgram): MarkedProcess {
  return { pid, mark: `-Dclickstream.program=${folder.program(name).dir}` };
}
