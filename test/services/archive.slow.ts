import assert from "node:assert/strict";
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock as clock } from "../../src/core/clock.ts";
import { Cluster } from "../../src/kafka/cluster.ts";
import { Producer } from "../../src/kafka/producer.ts";
import { valueBytes } from "../../src/testing/test-event.ts";
import { startBroker, type TestBroker } from "./broker.ts";
import { type Ended, runCommand, startCommand } from "./command-line.ts";

const SHORT = ["--window", "10s", "--slide", "5s", "--delay", "5s", "--max-ahead", "1s"];
const MIDNIGHT = Date.UTC(2026, 10, 21);
const EVENTS = 90_000; // 45 s to either side of midnight, a millisecond apart

let broker: TestBroker;
let folder: string;
const cleanups: (() => Promise<void>)[] = [];
after(async () => {
  for (const cleanup of cleanups) await cleanup();
  rmSync(folder, { recursive: true });
});
before(async () => {
  broker = await startBroker({ after: (cleanup) => cleanups.push(cleanup) });
  folder = mkdtempSync(join(tmpdir(), "clickstream-archive-"));
  const start = new Date(MIDNIGHT - EVENTS / 2).toISOString();
  const generated = await clickstream(
    "generate",
    "nights",
    "--events",
    String(EVENTS),
    "--start",
    start,
    "--out-of-order",
    "1s",
  );
  assert.equal(generated.code, 0, generated.stderr);
});

function clickstream(command: string, topic: string, ...args: string[]): Promise<Ended> {
  return runCommand(folder, command, "--brokers", broker.brokers.join(), "--topic", topic, ...args);
}

async function counts(output: string): Promise<unknown> {
  const statement =
    "select count(*) as windows, sum(events) as events, sum(session_seconds) as seconds from window_totals";
  const { code, stdout, stderr } = await runCommand(folder, "sql", "--output", output, statement);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

const files = (output: string, pattern: string): string[] =>
  globSync(pattern, { cwd: join(folder, output) }).sort();

test("generate, process, compact, verify, sql: the same rows before and after", async () => {
  const bounded = ["--until-end", "--finish", ...SHORT];
  const plain = await clickstream("process", "nights", "--output", "plain", ...bounded);
  assert.equal(plain.code, 0, plain.stderr);
  const before = await counts("plain");
  const compacted = await runCommand(folder, "compact", "--output", "plain");
  assert.equal(compacted.code, 0, compacted.stderr);
  assert.match(
    compacted.stdout,
    /^archived 5 days of queries: [\d,]+ rows of [\d,]+ windows in [\d,]+ bytes\n/,
  );
  assert.deepEqual(files("plain", "*/date=2026-11-20/*.json"), []);
  assert.equal(files("plain", "archive/*/date=2026-11-20/20261120.parquet").length, 5);
  assert.deepEqual(await counts("plain"), before);
  const verified = await clickstream("verify", "nights", "--output", "plain");
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  assert.match(verified.stdout, /, 0 differ\n/);

  const archiving = await clickstream(
    "process",
    "nights",
    "--output",
    "archiving",
    "--compact",
    "json",
    ...bounded,
  );
  assert.equal(archiving.code, 0, archiving.stderr);
  assert.equal(files("archiving", "archive/*/date=2026-11-20/20261120.json").length, 5, archiving.stderr);
  assert.deepEqual(await counts("archiving"), before);
  const again = await clickstream("verify", "nights", "--output", "archiving");
  assert.equal(again.code, 0, again.stdout + again.stderr);
});

test("a running engine archives, keeps the command out, and may be killed at any moment", async () => {
  const args = ["--brokers", broker.brokers.join(), "--topic", "nights", "--output", "killed", ...SHORT];
  const whole = await counts("plain");
  for (let kill = 0; kill < 4; kill++) {
    const engine = startCommand(folder, "process", ...args, "--compact", "parquet", "--commit-every", "50ms");
    const untilMs = clock.monotonicMs() + 30_000;
    // While a day is being written, or right after the index has named it.
    const seen = (): boolean =>
      kill % 2 === 0
        ? existsSync(join(folder, "killed/archive"))
        : files("killed", "archive/archive.json").length > 0;
    while (!seen() && clock.monotonicMs() < untilMs) await delay(5);
    if (kill === 0) {
      const refused = await runCommand(folder, "compact", "--output", "killed");
      assert.match(refused.stderr, /STATE_LOCKED/);
    }
    await delay(kill * 70);
    engine.child.kill("SIGKILL");
    await engine.ended;
  }
  const ended = await clickstream(
    "process",
    "nights",
    "--output",
    "killed",
    "--until-end",
    "--finish",
    "--compact",
    "parquet",
    ...SHORT,
  );
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(await counts("killed"), whole);
  const verified = await clickstream("verify", "nights", "--output", "killed");
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  assert.deepEqual(files("killed", "*/date=2026-11-20/*"), []);
  assert.ok(!readdirSync(join(folder, "killed/url_counts")).some((name) => name.startsWith("_")));
});

test("days that are not kept go, verify says so, and nothing brings them back", async () => {
  const kafka = { brokers: broker.brokers, clientId: "archive-test" };
  const cluster = await Cluster.connect(kafka);
  const topic = await cluster.createTopic("days", { partitions: 1 });
  const producer = await Producer.open({ kafka, topic, clock, codec: "none" });
  for (let hour = 0; hour < 5 * 24; hour++) {
    const timeMs = MIDNIGHT + hour * 3_600_000;
    const value = valueBytes({}, hour, timeMs) as Uint8Array;
    producer.append(0, timeMs, null, 0, 0, value, 0, value.length);
  }
  await producer.flush();
  await producer.close();
  await cluster.close();

  const bounded = ["--until-end", "--finish", "--output", "days"];
  const first = await clickstream("process", "days", ...bounded, "--compact", "parquet", "--keep", "2d");
  assert.equal(first.code, 0, first.stderr);
  const days = (): string[] =>
    files("days", "{,archive/}window_totals/date=*").map((path) => path.slice(-10));
  assert.deepEqual(days().sort(), ["2026-11-23", "2026-11-24", "2026-11-25"]);
  const verified = await clickstream("verify", "days", "--output", "days");
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  assert.match(
    verified.stdout,
    /window_totals is kept from 2026-11-23 on\n[\s\S]*no longer kept and were not compared\n/,
  );
  const index = readFileSync(join(folder, "days/archive/archive.json"), "utf8");
  const again = await clickstream("process", "days", ...bounded);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(readFileSync(join(folder, "days/archive/archive.json"), "utf8"), index);
  assert.deepEqual(days().sort(), ["2026-11-23", "2026-11-24", "2026-11-25"]);
});
