import { execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import type { Clock } from "../core/clock.ts";
import { childEnvironment, type Environment } from "./environment.ts";
import { javaCommand, javaMissing } from "./java.ts";
import type { Software } from "./software.ts";

const POLL_MS = 50;
/** A quiet server stops within 2 s; the last of several waits for others that are gone. */
const STOP_WITHIN_MS = 20_000;

/** A Java program to start. */
export interface JavaProgram {
  software: Software;
  environment: Environment;
  /** Its working folder. */
  folder: string;
  /** Where what it prints goes, such as a crash of the virtual machine. */
  printed: string;
  /** All arguments of java: options, main class, its arguments; a mark of its own among them. */
  args: readonly string[];
}

/** A process as it was started: by its number and an argument that no other process has. */
export interface MarkedProcess {
  /** Null before the first start. The number may belong to another program by now. */
  pid: number | null;
  mark: string;
}

/**
 * Starts a Java program as a process of its own that outlives this one, and returns its pid at once.
 * @throws ClickstreamError JAVA_MISSING
 */
export function launchJava({ software, environment, folder, printed, args }: JavaProgram): number {
  const output = openSync(printed, "w");
  try {
    const child = spawn(javaCommand(environment), args, {
      cwd: folder,
      env: childEnvironment(environment),
      detached: true,
      stdio: ["ignore", output, output],
    });
    child.on("error", () => {}); // told by the missing pid
    child.unref();
    if (child.pid === undefined) throw javaMissing(environment, software);
    return child.pid;
  } finally {
    closeSync(output);
  }
}

/** Whether a process of this number runs that was started with this mark. */
export function isProcessAlive({ pid, mark }: MarkedProcess): boolean {
  return pid !== null && commandLine(pid).includes(mark);
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

/** Ends these processes in their order: politely, and by force those that don't obey. */
export async function terminateProcesses(processes: readonly MarkedProcess[], clock: Clock): Promise<void> {
  const alive = () => processes.filter(isProcessAlive);
  signalAll(alive(), "SIGTERM");
  const deadlineMs = clock.monotonicMs() + STOP_WITHIN_MS;
  while (alive().length > 0) {
    if (clock.monotonicMs() > deadlineMs) signalAll(alive(), "SIGKILL");
    await clock.sleep(POLL_MS);
  }
}

function signalAll(processes: readonly MarkedProcess[], signal: NodeJS.Signals): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid!, signal);
    } catch (error) {
      const goneMeanwhile = error instanceof Error && "code" in error && error.code === "ESRCH";
      if (!goneMeanwhile) throw error;
    }
  }
}
