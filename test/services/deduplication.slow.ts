// A real topic with repeats, read with --dedupe by a process that is killed: what verify says of it.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Manifest } from "../../src/sinks/manifest.ts";
import { startBroker, type TestBroker } from "./broker.ts";
import { type Ended, runCommand, startCommand } from "./command-line.ts";

const EVENTS = 400_000;
const REPEATED = 0.05;
const MOST_KILLS = 6;

let broker: TestBroker;
let folder: string;

const cleanups: (() => Promise<void>)[] = [];
after(async () => {
  for (const cleanup of cleanups) await cleanup();
  rmSync(folder, { recursive: true });
});

before(async () => {
  broker = await startBroker({ after: (cleanup) => cleanups.push(cleanup) });
  folder = mkdtempSync(join(tmpdir(), "clickstream-deduplication-"));
  const shares = ["--duplicates", `${REPEATED}`, "--broken", "0.002", "--late", "0.005"];
  const generated = await clickstream("generate", "--events", `${EVENTS}`, ...shares);
  assert.equal(generated.code, 0, generated.stderr);
});

function clickstream(command: string, ...args: string[]): Promise<Ended> {
  return runCommand(folder, command, "--brokers", broker.brokers.join(), "--topic", "clicks", ...args);
}

/** Events that the last commit of the killed run had read. */
function readSoFar(): number {
  const path = join(folder, "killed", "manifest.json");
  if (!existsSync(path)) return 0;
  const { partitions } = JSON.parse(readFileSync(path, "utf8")) as Manifest;
  return partitions.reduce((sum, { read }) => sum + read, 0);
}

test("repeats count once through SIGKILL at any moment, and verify finds the same", async () => {
  let read = 0;
  let kills = 0;
  while (read < EVENTS && kills < MOST_KILLS) {
    const args = ["--brokers", broker.brokers.join(), "--topic", "clicks", "--output", "killed", "--dedupe"];
    const engine = startCommand(folder, "process", ...args, "--commit-every", "20ms");
    while (readSoFar() === read) await delay(2);
    engine.child.kill("SIGKILL");
    await engine.ended;
    read = readSoFar();
    kills++;
  }
  assert(kills > 1, "no kill fell into the work");
  const ended = await clickstream("process", "--output", "killed", "--dedupe", "--until-end", "--finish");
  assert.equal(ended.code, 0, ended.stderr);
  const result = JSON.parse(ended.stdout);
  const { counted, duplicates, late, dead } = result;
  const deadTotal = Object.values<number>(dead).reduce((sum, events) => sum + events, 0);
  assert.equal(result.read, EVENTS);
  assert.equal(counted + duplicates + late + deadTotal, EVENTS);
  assert(
    duplicates > EVENTS * REPEATED * 0.8 && duplicates < EVENTS * REPEATED * 1.2,
    `${duplicates} duplicates`,
  );
  const verified = await clickstream("verify", "--output", "killed");
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
});

test("an output belongs to the setting that it was begun with", async () => {
  const other = await clickstream("process", "--output", "killed", "--until-end");
  assert.equal(other.code, 1);
  assert.match(other.stderr, /This output was started with other window settings/);
});
