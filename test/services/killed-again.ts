// A run that is killed again and again must end with the files of one that never was.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../src/core/clock.ts";
import { type Ended, runCommand, startCommand } from "./command-line.ts";

export interface KilledRun {
  /** The folder that the outputs are in. */
  folder: string;
  /** Names the topic. */
  connection: readonly string[];
  /** What both runs have in common. */
  settings: readonly string[];
  /** Queries whose files are compared. */
  queries: readonly string[];
  kills: number;
}

/** A run in peace, into the folder `whole`; `verify` agrees with it. */
export async function runWhole({ folder, connection, settings }: KilledRun): Promise<void> {
  const own = ["--output", "whole", ...settings, "--workers", "2"];
  await clickstream(folder, "process", ...connection, ...own, "--until-end", "--finish");
  await clickstream(folder, "verify", ...connection, "--output", "whole");
}

/** The same into the folder `killed`, by SIGKILL: no file changes once it is there, all are those of the whole run. */
export async function runKilled({ folder, connection, settings, queries, kills }: KilledRun): Promise<void> {
  const expected = filesOf(join(folder, "whole"), queries);
  const output = join(folder, "killed");
  const args = [...connection, "--output", "killed", ...settings, "--workers", "1", "--commit-every", "20ms"];
  const seenAfterKills: number[] = [];
  let seen = new Map<string, string>();
  for (let kill = 0; kill < kills; kill++) {
    const engine = startCommand(folder, "process", ...args);
    // In the middle of writing, or at whatever a slow machine is doing by then.
    const untilMs = systemClock.monotonicMs() + 800 + kill * 1_000;
    while (filesOf(output, queries).size === seen.size && systemClock.monotonicMs() < untilMs) await delay(5);
    engine.child.kill("SIGKILL");
    await engine.ended;
    const now = filesOf(output, queries);
    for (const [path, digest] of seen)
      assert.equal(now.get(path), digest, `${path} changed after it was final`);
    seen = now;
    seenAfterKills.push(now.size);
  }
  assert(
    seenAfterKills.some((size) => size > 0 && size < expected.size),
    `no kill fell into the work: ${seenAfterKills}`,
  );
  const own = ["--output", "killed", ...settings];
  await clickstream(folder, "process", ...connection, ...own, "--until-end", "--finish");
  assert.deepEqual(filesOf(output, queries), expected);
  await clickstream(folder, "verify", ...connection, "--output", "killed");
}

/** Runs a command in a folder; it must end with 0. */
export async function clickstream(folder: string, command: string, ...args: string[]): Promise<Ended> {
  const ended = await runCommand(folder, command, ...args);
  assert.equal(ended.code, 0, ended.stdout + ended.stderr);
  return ended;
}

/** Files of some queries, and what is in them. */
function filesOf(output: string, queries: readonly string[]): Map<string, string> {
  const paths = globSync(`{${queries.join()}}/date=*/*.json`, { cwd: output }).sort();
  const digest = (path: string): string =>
    createHash("sha256")
      .update(readFileSync(join(output, path)))
      .digest("hex");
  return new Map(paths.map((path) => [path, digest(path)]));
}
