import { execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import type { Clock } from "../core/clock.ts";
import { childEnvironment, type Environment } from "./environment.ts";
import { javaCommand, javaMissing } from "./java.ts";
import { type KafkaFolder, NODE_FILES, type NodeFolder, type NodeRecord } from "./kafka-folder.ts";

const POLL_MS = 50;
/** A quiet broker stops within 2 s; the last of several waits for a quorum that is gone. */
const STOP_WITHIN_MS = 20_000;
/** Below it a broker is one of a test's: it starts faster without the optimising compiler. */
const SMALL_HEAP_MB = 512;

/** How to run the Java program of a node. */
export interface Runtime {
  environment: Environment;
  /** Folder of Kafka's jars. */
  jars: string;
  heapMb: number;
}

/**
 * Starts the broker of a node as a process of its own that outlives this one, and returns its pid at once. Its
 * server.properties and log4j2.properties must be written.
 * @throws ClickstreamError JAVA_MISSING
 */
export function launchNode(folder: KafkaFolder, nodeId: number, runtime: Runtime): number {
  const node = folder.node(nodeId);
  const printed = openSync(node.printed, "w");
  try {
    const java = javaCommand(runtime.environment);
    const options = [...javaOptions(runtime), nodeMark(node), "-cp", `${runtime.jars}/*`];
    const child = spawn(java, [...options, "kafka.Kafka", NODE_FILES.properties], {
      cwd: node.dir,
      env: childEnvironment(runtime.environment),
      detached: true,
      stdio: ["ignore", printed, printed],
    });
    child.on("error", () => {}); // told by the missing pid
    child.unref();
    if (child.pid === undefined) throw javaMissing(runtime.environment);
    return child.pid;
  } finally {
    closeSync(printed);
  }
}

function javaOptions(runtime: Runtime): string[] {
  const collector =
    runtime.heapMb < SMALL_HEAP_MB
      ? ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
      : ["-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35"];
  return [
    `-Xms${runtime.heapMb}m`,
    `-Xmx${runtime.heapMb}m`,
    ...collector,
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    ...logOptions(),
  ];
}

/** Java's options for a log in the node's folder. */
export function logOptions(): string[] {
  return [`-Dlog4j2.configurationFile=${NODE_FILES.logSettings}`, `-Dclickstream.log=${NODE_FILES.log}`];
}

/** An argument of the process that no other process has: its folder. */
function nodeMark(node: NodeFolder): string {
  return `-Dclickstream.node=${node.dir}`;
}

/** Whether the node's process lives: a process of this number that was started for this folder. */
export function isNodeAlive(folder: KafkaFolder, node: NodeRecord): boolean {
  return node.pid !== null && commandLine(node.pid).includes(nodeMark(folder.node(node.nodeId)));
}

/** The command line of a process; empty when there is none. */
function commandLine(pid: number): string {
  try {
    if (existsSync("/proc/self/cmdline")) return readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return execFileSync("ps", ["-ww", "-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return "";
  }
}

/** Ends the processes of these nodes in order of their ids: politely, and by force those that don't obey. */
export async function terminateNodes(
  folder: KafkaFolder,
  nodes: readonly NodeRecord[],
  clock: Clock,
): Promise<void> {
  const alive = () => nodes.filter((node) => isNodeAlive(folder, node));
  signalNodes(alive(), "SIGTERM");
  const deadlineMs = clock.monotonicMs() + STOP_WITHIN_MS;
  while (alive().length > 0) {
    if (clock.monotonicMs() > deadlineMs) signalNodes(alive(), "SIGKILL");
    await clock.sleep(POLL_MS);
  }
}

function signalNodes(nodes: readonly NodeRecord[], signal: NodeJS.Signals): void {
  for (const { pid } of nodes) {
    try {
      process.kill(pid!, signal);
    } catch (error) {
      const goneMeanwhile = error instanceof Error && "code" in error && error.code === "ESRCH";
      if (!goneMeanwhile) throw error;
    }
  }
}
