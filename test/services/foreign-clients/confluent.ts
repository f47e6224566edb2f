import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../../src/core/clock.ts";
import { withFileLock } from "../../../src/core/file-lock.ts";
import { cacheFolder } from "../../../src/local/environment.ts";
import { type ProgramResult, runProgram } from "../../../src/local/program.ts";

const PACKAGE = "confluent-kafka==2.16.1";
const PROGRAM = fileURLToPath(new URL("./confluent_events.py", import.meta.url));

/** Runs `confluent_events.py` and returns what it prints, which is JSON. */
export type RunConfluent = (...args: readonly string[]) => Promise<unknown>;

/** Confluent's client in a Python environment of its own, made once in the user's cache; or why it can't be had. */
export async function confluentClient(): Promise<{ run: RunConfluent } | { unavailable: string }> {
  const folder = join(cacheFolder(process.env), PACKAGE.replace("==", "-"));
  try {
    const ready = { environment: process.env, clock: systemClock, onWait: () => {} };
    await withFileLock(`${folder}.lock`, ready, async () => {
      if (!(await isFolder(folder))) await install(folder);
    });
  } catch (error) {
    return { unavailable: `${PACKAGE} can't be installed: ${(error as Error).message}` };
  }
  return {
    async run(...args) {
      const { lines } = await mustRun(join(folder, "bin", "python"), [PROGRAM, ...args]);
      return JSON.parse(lines.at(-1) ?? "null");
    },
  };
}

/** The environment appears whole or not at all. */
async function install(folder: string): Promise<void> {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await mustRun("python3", ["-m", "venv", partial]);
  await mustRun(join(partial, "bin", "python"), ["-m", "pip", "install", "--quiet", PACKAGE]);
  await rename(partial, folder);
}

async function mustRun(command: string, args: readonly string[]): Promise<ProgramResult> {
  const result = await runProgram(command, args, { environment: process.env });
  if (result.exitCode !== 0)
    throw new Error(`${command} ended with ${result.exitCode}: ${result.lines.slice(-5).join(" / ")}`);
  return result;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
