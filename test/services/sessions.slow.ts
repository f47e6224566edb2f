// Whole sessions through a real Kafka, with the process killed at any moment.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../src/core/clock.ts";
import { startBroker } from "./broker.ts";
import { type Ended, runCommand, startCommand } from "./command-line.ts";

/** Five minutes of event time: sessions end all along. */
const EVENTS = 300_000;
const KILLS = 8;

/** Files of whole sessions, and what is in them. */
function files(output: string): Map<string, string> {
  const paths = globSync("{sessions,transitions}/date=*/*.json", { cwd: output }).sort();
  const digest = (path: string): string =>
    createHash("sha256")
      .update(readFileSync(join(output, path)))
      .digest("hex");
  return new Map(paths.map((path) => [path, digest(path)]));
}

test("killed again and again, sessions and transitions are the same, and the oracle agrees", async (t) => {
  const broker = await startBroker(t);
  const folder = mkdtempSync(join(tmpdir(), "clickstream-sessions-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const connection = ["--brokers", broker.brokers.join(), "--topic", "visits"];
  const clickstream = async (command: string, ...args: string[]): Promise<Ended> => {
    const ended = await runCommand(folder, command, ...connection, ...args);
    assert.equal(ended.code, 0, ended.stdout + ended.stderr);
    return ended;
  };
  const made = ["--events", String(EVENTS), "--late", "0.01", "--broken", "0.001", "--out-of-order", "10s"];
  await clickstream("generate", ...made);
  const windows = ["--window", "15s", "--slide", "5s", "--delay", "30s", "--max-ahead", "5s"];
  const settings = ["--sessions", "--session-gap", "12s", ...windows];
  const whole = ["--output", "whole", ...settings, "--workers", "2"];
  await clickstream("process", ...whole, "--until-end", "--finish");
  await clickstream("verify", "--output", "whole");
  const expected = files(join(folder, "whole"));

  const output = join(folder, "killed");
  const args = [...connection, "--output", "killed", ...settings, "--workers", "1", "--commit-every", "20ms"];
  const seenAfterKills: number[] = [];
  let seen = new Map<string, string>();
  for (let kill = 0; kill < KILLS; kill++) {
    const engine = startCommand(folder, "process", ...args);
    // In the middle of writing, or at whatever a slow machine is doing by then.
    const untilMs = systemClock.monotonicMs() + 800 + kill * 1_000;
    while (files(output).size === seen.size && systemClock.monotonicMs() < untilMs) await delay(5);
    engine.child.kill("SIGKILL");
    await engine.ended;
    const now = files(output);
    for (const [path, digest] of seen)
      assert.equal(now.get(path), digest, `${path} changed after it was final`);
    seen = now;
    seenAfterKills.push(now.size);
  }
  assert(
    seenAfterKills.some((size) => size > 0 && size < expected.size),
    `no kill fell into the work: ${seenAfterKills}`,
  );
  await clickstream("process", "--output", "killed", ...settings, "--until-end", "--finish");
  assert.deepEqual(files(output), expected);
  await clickstream("verify", "--output", "killed");
});
