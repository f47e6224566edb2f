import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../bin/clickstream.js", import.meta.url));

/** How a spawned command line ended. */
export interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `clickstream` with arguments, in a folder, with variables beside PATH and HOME. */
export function clickstream(
  args: readonly string[],
  { folder = process.cwd(), env = {} }: { folder?: string; env?: Record<string, string> } = {},
): Promise<Ended> {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [BIN, ...args], { cwd: folder, env: { PATH, HOME, ...env } });
  const ended: Ended = { exitCode: null, stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => (ended.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (ended.stderr += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ ...ended, exitCode }));
  });
}
