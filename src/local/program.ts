import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { childEnvironment, type Environment } from "./environment.ts";

/** How a program ended. */
export interface ProgramResult {
  /** Null when a signal ended it. */
  exitCode: number | null;
  /** Standard output and standard error, line by line as they came. */
  lines: string[];
}

/**
 * Runs a program to its end.
 * @throws the system's error (`ENOENT` …) when it can't be started, an `AbortError` when the signal ended it.
 */
export function runProgram(
  command: string,
  args: readonly string[],
  options: {
    environment: Environment;
    /** Its working folder; default: ours. */
    folder?: string;
    onLine?: (line: string) => void;
    signal?: AbortSignal;
  },
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: childEnvironment(options.environment),
      stdio: ["ignore", "pipe", "pipe"],
      ...(options.folder === undefined ? {} : { cwd: options.folder }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const lines: string[] = [];
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on("line", (line) => {
        lines.push(line);
        options.onLine?.(line);
      });
    }
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ exitCode, lines }));
  });
}
