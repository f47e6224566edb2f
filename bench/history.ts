// What questions to a month of results cost: over window files (with the reader's cache), then over the archive.
// node bench/history.ts [days, default 30] [events a second, default 2] [folder]. Figures are printed, never asserted.
// A folder that is given is kept; where it holds such a tree already, archived, only the archive is asked.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compactTree } from "../src/archive/compact-tree.ts";
import { systemClock } from "../src/core/clock.ts";
import { History } from "../src/history/history.ts";
import { JsonFilesSink } from "../src/sinks/json-files.ts";
import { benchApi, summary } from "./history-api.ts";
import { writeTree } from "./history-tree.ts";

const DAY_MS = 86_400_000;
const RUNS = 25;
const days = Number(process.argv[2] ?? 30);
const eventsPerSecond = Number(process.argv[3] ?? 2);
const startMs = Date.UTC(2026, 9, 24);
const kept = process.argv[4];
const output = kept ?? mkdtempSync(join(tmpdir(), "clickstream-history-bench-"));
const day = (n: number): string => new Date(startMs + n * DAY_MS).toISOString().slice(0, 10);

/** Questions as the page and people ask them; each run asks for another day or user. */
const QUESTIONS: Record<string, (run: number) => string> = {
  "top pages of a day": (run) => `
    SELECT url, sum(events) AS events FROM url_counts
    WHERE window_start >= '${day(run % days)}' AND window_start < '${day((run % days) + 1)}'
      AND epoch_ms(window_start) % 300000 = 0
    GROUP BY url ORDER BY events DESC LIMIT 20`,
  "a user's month": (run) => `
    SELECT window_start, events, sessions, session_seconds FROM user_activity
    WHERE user_id = '${users[run % users.length]}' AND epoch_ms(window_start) % 300000 = 0 ORDER BY window_start`,
  "window totals of the month, by hour": () => `
    SELECT time_bucket(INTERVAL 1 hour, window_start) AS hour, sum(events) AS events, max(users) AS users
    FROM window_totals WHERE epoch_ms(window_start) % 300000 = 0 GROUP BY hour ORDER BY hour`,
  "every window total of the month": () => "SELECT * FROM window_totals ORDER BY window_start",
  "devices of the last hour": () => `
    SELECT device_type, browser, sum(events) AS events FROM browser_counts
    WHERE window_start >= '${day(days - 1)} 23:00' GROUP BY ALL ORDER BY events DESC`,
  "top pages of the month": () => `
    SELECT url, sum(events) AS events FROM url_counts
    WHERE epoch_ms(window_start) % 300000 = 0 GROUP BY url ORDER BY events DESC LIMIT 20`,
};
let users: unknown[] = [];
const api = (): Promise<void> =>
  benchApi(output, { endMs: startMs + days * DAY_MS, users: users.map(String) }, print);

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function took(work: () => Promise<unknown>): Promise<number> {
  const fromMs = systemClock.monotonicMs();
  await work();
  return systemClock.monotonicMs() - fromMs;
}

const openHistory = (): Promise<History> =>
  History.open({ output, clock: systemClock, memoryMb: 512, threads: 2 });

async function ask(history: History): Promise<void> {
  users = (await history.query("SELECT DISTINCT user_id FROM user_activity ORDER BY 1 LIMIT 25")).rows.flat();
  const all: number[] = [];
  for (const [question, sql] of Object.entries(QUESTIONS)) {
    const times: number[] = [];
    for (let run = 0; run < RUNS; run++) times.push(await took(() => history.query(sql(run))));
    all.push(...times);
    print(`  ${question.padEnd(40)} ${summary(times)}`);
  }
  print(`  ${"all of them".padEnd(40)} ${summary(all)}`);
}

/** Asks window files, and archives them. */
async function benchFiles(): Promise<void> {
  const { manifest, files, rows, bytes } = await writeTree(output, { startMs, days, eventsPerSecond });
  print(`${days} days: ${files} window files, ${rows} rows, ${Math.round(bytes / 1e6)} MB`);
  {
    await using history = await openHistory();
    print(`window files, first look at all: ${Math.round(await took(() => history.refresh()))} ms`);
    print(`  nothing new: ${Math.round(await took(() => history.refresh()))} ms`);
    await ask(history);
    await api();
    const windowStartMs = startMs + days * DAY_MS;
    const text = `{"window_start":"${new Date(windowStartMs).toISOString()}","window_end":"${new Date(windowStartMs + 300_000).toISOString()}","events":1,"users":1,"sessions":1,"session_seconds":0}\n`;
    const entry = {
      query: "window_totals",
      windowStartMs,
      windowEndMs: windowStartMs + 300_000,
      rowCount: 1,
    };
    await (await JsonFilesSink.open(output)).write([{ ...entry, bytes: Buffer.from(text) }]);
    print(`  a new window: ${Math.round(await took(() => history.refresh()))} ms`);
  }
  {
    await using history = await openHistory();
    print(`  the next process, nothing new: ${Math.round(await took(() => history.refresh()))} ms`);
  }
  const from = process.cpuUsage();
  const confirmedThroughMs = startMs + (days - 1) * DAY_MS + 300_000; // the last day stays as it is
  const tookMs = await took(async () => {
    const done = await compactTree({
      output,
      manifest,
      confirmedThroughMs,
      compact: "parquet",
      keepMs: null,
      memoryMb: 256,
    });
    print(`archived: ${done.archivedDays} days of queries, ${Math.round(done.archivedBytes / 1e6)} MB`);
  });
  const { user, system } = process.cpuUsage(from);
  print(
    `  in ${Math.round(tookMs / 1_000)} s, ${((user + system) / 1e6 / (days - 1)).toFixed(1)} CPU-s a day of five queries`,
  );
}

try {
  if (!existsSync(join(output, "archive", "archive.json"))) await benchFiles();
  await using history = await openHistory();
  print(`archive, first look at all: ${Math.round(await took(() => history.refresh()))} ms`);
  await ask(history);
  const apartMs = await took(async () => {
    while (await history.copyDay());
  });
  print(`copies of days, made once in the background: ${Math.round(apartMs)} ms`);
  await api();
} finally {
  if (kept === undefined) rmSync(output, { recursive: true });
}
