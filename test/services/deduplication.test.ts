// A real topic with repeats, read with --dedupe by a process that is killed: what verify says of it.
import assert from "node:assert/strict";
import { existsSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../src/core/clock.ts";
import { startBroker, type TestBroker } from "./broker.ts";
import { type Ended, runCommand, startCommand } from "./command-line.ts";

const EVENTS = 400_000;
const REPEATED = 0.05;
const KILLS = 4;

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

const filesIn = (output: string): number => globSync("*/date=*/*.json", { cwd: join(folder, output) }).length;

test("repeats count once through SIGKILL at any moment, and verify finds the same", async () => {
  let seen = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const args = ["--brokers", broker.brokers.join(), "--topic", "clicks", "--output", "killed", "--dedupe"];
    const engine = startCommand(folder, "process", ...args, "--commit-every", "50ms");
    // In the middle of writing, or at whatever a slow machine is doing by then.
    const untilMs = systemClock.monotonicMs() + 1_500 + kill * 1_500;
    while (filesIn("killed") === seen && systemClock.monotonicMs() < untilMs) await delay(5);
    engine.child.kill("SIGKILL");
    await engine.ended;
    seen = filesIn("killed");
  }
  assert(existsSync(join(folder, "killed", "manifest.json")), "no kill fell into the work");
  const ended = await clickstream("process", "--output", "killed", "--dedupe", "--until-end", "--finish");
  assert.equal(ended.code, 0, ended.stderr);
  const { read, counted, duplicates, late, dead } = JSON.parse(ended.stdout);
  const deadTotal = Object.values<number>(dead).reduce((sum, events) => sum + events, 0);
  assert.equal(read, EVENTS);
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
