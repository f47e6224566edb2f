// Days and hours on a real Kafka: queries with windows of their own beside the standard ones, and as the pipeline's.
import assert from "node:assert/strict";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { seededRandom } from "../../src/core/random.ts";
import { STANDARD_QUERIES } from "../../src/queries/standard.ts";
import { startBroker } from "./broker.ts";
import { runCommand } from "./command-line.ts";
import { appendValues, createTopic } from "./topic-values.ts";

const TOPIC = "days";
/** Two hours before midnight, in the past whenever the test runs. */
const FROM_MS = Date.UTC(2024, 2, 9, 22);
const HOUR_MS = 3_600_000;
const EVENTS = 9_000;
const STEP_MS = (30 * HOUR_MS) / EVENTS;

const CONFIG = `
  import { count, countDistinct, defineConfig, query } from "clickstream";
  const measures = { events: count(), users: countDistinct("user_id") };
  export default defineConfig({
    window: "30 minutes",
    slide: "15 minutes",
    queries: [
      query("daily_users", { window: "1 day", by: [], measures }),
      query("hourly_pages", { window: "1 hour", by: ["url"], measures }),
      query("last_day", { window: "1 day", slide: "6 hours", by: ["device_type"], measures }),
    ],
  });
`;

interface Event {
  user_id: string;
  timestamp: number;
  url: string;
}

/** 30 hours: out of order by up to five minutes, users who come and go. */
function makeEvents(): Event[] {
  const random = seededRandom(1);
  return Array.from({ length: EVENTS }, (_, n) => {
    const timestamp = Math.floor(FROM_MS + n * STEP_MS) - random.below(300_000);
    const hour = Math.floor((timestamp - FROM_MS) / HOUR_MS);
    return { timestamp, user_id: `user-${hour * 7 + random.below(50)}`, url: `/${random.below(9)}` };
  });
}

const jsonOf = (event: Event, n: number): string =>
  JSON.stringify({
    event_id: `e${n}`,
    session_id: `session of ${event.user_id}`,
    action: n % 3 === 0 ? "click" : "view",
    device_type: n % 2 === 0 ? "mobile" : "desktop",
    browser: "Firefox",
    ...event,
  });

const events = makeEvents();
let brokers: readonly string[];
let folder: string;
const cleanups: (() => Promise<void>)[] = [];
after(async () => {
  for (const cleanup of cleanups) await cleanup();
  rmSync(folder, { recursive: true });
});

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "clickstream-days-"));
  ({ brokers } = await startBroker({ after: (cleanup) => cleanups.push(cleanup) }));
  await createTopic(brokers, TOPIC, 3);
});

const command = (name: string, output: string, ...args: string[]) =>
  runCommand(folder, name, "--brokers", brokers.join(), "--topic", TOPIC, "--output", output, ...args);

async function mustAgree(output: string): Promise<void> {
  const verified = await command("verify", output);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
}

function rowsOf(output: string, query: string): Record<string, unknown>[] {
  const paths = globSync(`${query}/date=*/*.json`, { cwd: join(folder, output) }).sort();
  return paths.flatMap((path) =>
    readFileSync(join(folder, output, path), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
}

/** Events and users of each stretch, counted in the plainest way. */
function counted(sizeMs: number): { window_start: string; events: number; users: number }[] {
  const byStart = Map.groupBy(events, ({ timestamp }) => Math.floor(timestamp / sizeMs) * sizeMs);
  return [...byStart]
    .sort(([a], [b]) => a - b)
    .map(([startMs, own]) => ({
      window_start: new Date(startMs).toISOString(),
      events: own.length,
      users: new Set(own.map(({ user_id }) => user_id)).size,
    }));
}

test("daily users are exact beside the standard queries, over a restart in the middle of the day", async () => {
  writeFileSync(join(folder, "days.config.ts"), CONFIG);
  const args = ["--config", "days.config.ts", "--until-end"];
  const values = events.map(jsonOf);
  await appendValues(brokers, TOPIC, values.slice(0, 4_000));
  const first = await command("process", "mixed", ...args);
  assert.equal(first.code, 0, first.stderr);
  await mustAgree("mixed");
  assert.deepEqual(
    rowsOf("mixed", "daily_users").map(({ window_start }) => window_start),
    ["2024-03-09T00:00:00.000Z"],
    "the day that goes on has no file yet",
  );
  await appendValues(brokers, TOPIC, values.slice(4_000));
  const second = await command("process", "mixed", ...args, "--finish");
  assert.equal(second.code, 0, second.stderr);
  const { read, late } = JSON.parse(second.stdout);
  assert.deepEqual({ read, late }, { read: EVENTS, late: 0 });
  await mustAgree("mixed");

  const daily = rowsOf("mixed", "daily_users").map(({ window_end, ...row }) => row);
  assert.deepEqual(daily, counted(24 * HOUR_MS));
  assert.equal(daily.length, 3);
  const hours = new Set(rowsOf("mixed", "hourly_pages").map(({ window_start }) => window_start));
  assert.equal(hours.size, counted(HOUR_MS).length);
  assert(rowsOf("mixed", "url_counts").length > 1_000, "nine pages, each in more than a hundred windows");
});

test("hours and days as the windows of the pipeline", async () => {
  for (const windows of [
    ["--window", "1h", "--slide", "1h"],
    ["--window", "1d", "--slide", "1d"],
    ["--window", "1d", "--slide", "3h"],
  ]) {
    const output = windows.join("");
    const processed = await command("process", output, ...windows, "--until-end", "--finish");
    assert.equal(processed.code, 0, processed.stderr);
    await mustAgree(output);
  }
  const days = rowsOf("--window1d--slide1d", "window_totals").map(({ window_start, events, users }) => ({
    window_start,
    events,
    users,
  }));
  assert.deepEqual(days, counted(24 * HOUR_MS));
});

test("explain tells whose window is next, and other windows are refused", async () => {
  const explained = await runCommand(
    folder,
    ...["explain", "--brokers", brokers.join(), "--output", "mixed", "--json"],
  );
  assert.equal(explained.code, 0, explained.stderr);
  const { next } = JSON.parse(explained.stdout);
  const standard = STANDARD_QUERIES.map(({ name }) => name);
  assert.deepEqual(next.queries, standard, "half an hour is over before an hour or a day");
  writeFileSync(join(folder, "days.config.ts"), CONFIG.replace('window: "1 hour"', 'window: "2 hours"'));
  const changed = await command("process", "mixed", "--config", "days.config.ts", "--until-end");
  assert.equal(changed.code, 1);
  assert.match(changed.stderr, /This output was started with other queries/);
});
