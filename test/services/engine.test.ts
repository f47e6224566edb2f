import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { pipelineSettings, readConfig } from "../../src/app/config.ts";
import { openEngine } from "../../src/app/engine-part.ts";
import { createLogger } from "../../src/app/log.ts";
import { Terminal } from "../../src/app/terminal.ts";
import { systemClock } from "../../src/core/clock.ts";
import { stateFolderOf } from "../../src/engines/embedded/embedded-engine.ts";
import { SqliteStore } from "../../src/engines/embedded/sqlite-store.ts";
import { fakeStream } from "../app/fake-stream.ts";
import { startBroker, type TestBroker } from "./broker.ts";
import { type Ended, runCommand, startCommand } from "./command-line.ts";

const EVENTS = 400_000;
/** Enough that each kill falls on another moment of reading, committing or writing. */
const KILLS = 6;

let broker: TestBroker;
let folder: string;

// An "after" that "before" calls would run when "before" ends.
const cleanups: (() => Promise<void>)[] = [];
after(async () => {
  for (const cleanup of cleanups) await cleanup();
  rmSync(folder, { recursive: true });
});

before(async () => {
  broker = await startBroker({ after: (cleanup) => cleanups.push(cleanup) });
  folder = mkdtempSync(join(tmpdir(), "clickstream-engine-"));
  const generated = await clickstream(
    "generate",
    "--events",
    String(EVENTS),
    "--broken",
    "0.002",
    "--late",
    "0.005",
  );
  assert.equal(generated.code, 0, generated.stderr);
});

function clickstream(command: string, ...args: string[]): Promise<Ended> {
  return runCommand(folder, command, "--brokers", broker.brokers.join(), "--topic", "clicks", ...args);
}

/** The result files and what is in them. */
function files(output: string): Map<string, string> {
  const paths = globSync("*/date=*/*.json", { cwd: join(folder, output) }).sort();
  return new Map(
    paths.map((path) => [
      path,
      createHash("sha256")
        .update(readFileSync(join(folder, output, path)))
        .digest("hex"),
    ]),
  );
}

test("a bounded run reads everything, closes every window and agrees with the oracle", async () => {
  const { code, stdout, stderr } = await clickstream(
    "process",
    "--output",
    "whole",
    "--until-end",
    "--finish",
  );
  assert.equal(code, 0, stderr);
  const result = JSON.parse(stdout);
  const dead = Object.values<number>(result.dead).reduce((sum, events) => sum + events, 0);
  assert.equal(result.read, EVENTS);
  assert.equal(result.counted + result.late + dead, EVENTS);
  assert(result.late > 0 && dead > 0 && result.windows > 0);
  const verified = await clickstream("verify", "--output", "whole");
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
});

test("killed again and again, the engine ends with the same files, and none ever changes", async () => {
  const whole = files("whole");
  const seenAfterKills: number[] = [];
  let seen = new Map<string, string>();
  for (let kill = 0; kill < KILLS; kill++) {
    const args = ["--brokers", broker.brokers.join(), "--topic", "clicks", "--output", "killed"];
    const engine = startCommand(folder, "process", ...args, "--commit-every", "50ms");
    // In the middle of writing, or at whatever a slow machine is doing by then.
    const untilMs = systemClock.monotonicMs() + 800 + kill * 1_500;
    while (files("killed").size === seen.size && systemClock.monotonicMs() < untilMs) await delay(5);
    engine.child.kill("SIGKILL");
    await engine.ended;
    const now = files("killed");
    for (const [path, hash] of seen) assert.equal(now.get(path), hash, `${path} changed after it was final`);
    seen = now;
    seenAfterKills.push(now.size);
  }
  assert(
    seenAfterKills.some((size) => size > 0 && size < whole.size),
    `no kill fell into the work: ${seenAfterKills}`,
  );
  const ended = await clickstream("process", "--output", "killed", "--until-end", "--finish");
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(files("killed"), whole);
  for (const [path, hash] of seen) assert.equal(files("killed").get(path), hash, path);
});

test("a second engine on the same output is refused, and so is another topic", async () => {
  const args = ["--brokers", broker.brokers.join(), "--topic", "clicks", "--output", "shared"];
  const first = startCommand(folder, "process", ...args);
  while (files("shared").size === 0) await delay(100);
  const [final = ""] = files("shared").keys();
  const halfWritten = join(folder, "shared", dirname(final), "_20261123T080500Z.json.tmp");
  writeFileSync(halfWritten, "");
  const second = await clickstream("process", "--output", "shared");
  assert.equal(second.code, 1);
  assert.match(second.stderr, /Another clickstream process is writing/);
  assert(existsSync(halfWritten), "what the first is writing must stay");
  first.child.kill("SIGINT");
  assert.equal((await first.ended).code, 0, "ending when asked to is no failure");
  const other = await runCommand(
    folder,
    "process",
    "--brokers",
    broker.brokers.join(),
    "--topic",
    "none",
    "--output",
    "shared",
  );
  assert.equal(other.code, 1);
  assert.match(other.stderr, /Kafka has no topic none/);
  const slide = await clickstream("process", "--output", "shared", "--slide", "5m");
  assert.equal(slide.code, 1);
  assert.match(slide.stderr, /started with other window settings/);
});

test("a stop while the engine that finishes is being opened ends that, too", async () => {
  const output = join(folder, "stopped");
  const flags = { brokers: broker.brokers.join(), topic: "clicks", output };
  const config = await readConfig({ command: "run", flags, env: {}, folder, cores: 1 });
  const terminal = new Terminal(fakeStream({ isTTY: false }).stream);
  const log = createLogger({ level: "silent", terminal, clock: systemClock });
  const stopRequested = new AbortController().signal;
  const context = { config, environment: {}, clock: systemClock, log, terminal, stopRequested };
  const engine = await openEngine(context, pipelineSettings(config));
  const finished = engine.finish();
  await engine.stop();
  await finished;
  new SqliteStore(stateFolderOf(output)).close();
});

test("an output whose state is gone, and open windows above the limit, are told by name", async () => {
  rmSync(join(folder, "whole", "checkpoints"), { recursive: true });
  const lost = await clickstream("process", "--output", "whole", "--until-end");
  assert.equal(lost.code, 1);
  assert.match(lost.stderr, /STATE_LOST/);
  const large = await clickstream("process", "--output", "large", "--until-end", "--max-state-mb", "1");
  assert.equal(large.code, 1);
  assert.match(large.stderr, /STATE_TOO_LARGE/);
  const more = await clickstream("process", "--output", "large", "--until-end", "--finish");
  assert.equal(more.code, 0, more.stderr);
  assert.equal(JSON.parse(more.stdout).read, EVENTS, "nothing was lost");
});
