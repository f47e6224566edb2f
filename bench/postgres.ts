// Rows a second from the files of an output into PostgreSQL, with a server beside it on the same machine, its disk synced.
// node bench/postgres.ts [rows, default 1,000,000] [pages a window, default 2,000]. Figures are printed, never asserted.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OutputWindows } from "../src/app/postgres/output-windows.ts";
import { systemClock } from "../src/core/clock.ts";
import { DEFAULT_EVENT_RULES } from "../src/events/event.ts";
import { DEFAULT_WINDOWS } from "../src/queries/plan.ts";
import { STANDARD_QUERIES } from "../src/queries/standard.ts";
import { JsonFilesSink } from "../src/sinks/json-files.ts";
import { copyText } from "../src/sinks/postgres/copy-text.ts";
import { PostgresSink } from "../src/sinks/postgres/postgres-sink.ts";
import { TreeFollower } from "../src/sinks/postgres/tree-follower.ts";
import type { WindowRows } from "../src/sinks/sink.ts";
import { connectionTo } from "../test/services/postgres-contents.ts";
import { noPostgres, TestPostgres } from "../test/services/postgres-server.ts";

const [rows = 1_000_000, pages = 2_000] = process.argv.slice(2).map(Number);
const RUNS = 3;
const SLIDE_MS = 60_000;
const START_MS = Date.UTC(2026, 10, 23);

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const queries = STANDARD_QUERIES.filter(({ name }) => name === "url_counts");
const windows = Array.from({ length: Math.ceil(rows / pages) }, (_, n): WindowRows => {
  const windowStartMs = START_MS + n * SLIDE_MS;
  const windowEndMs = windowStartMs + DEFAULT_WINDOWS.sizeMs;
  const times = { window_start: new Date(windowStartMs), window_end: new Date(windowEndMs) };
  const lines = Array.from({ length: pages }, (_, page) => {
    const counts = {
      events: page % 97,
      users: page % 31,
      clicks: page % 7,
      views: page,
      scrolls: 0,
      hovers: 1,
    };
    return `${JSON.stringify({ ...times, url: `/products/category-${page % 50}/item-${page}`, ...counts })}\n`;
  });
  return {
    query: "url_counts",
    windowStartMs,
    windowEndMs,
    rowCount: pages,
    bytes: Buffer.from(lines.join("")),
  };
});

function rate(label: string, work: () => void): void {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  const cpu = ((user + system) / rows).toFixed(1);
  print(
    `${label}: ${Math.round((rows * 1_000) / (performance.now() - startedMs))} rows/s, ${cpu} µs of CPU a row`,
  );
}

rate("text for COPY, without a server", () => {
  let length = 0;
  for (const query of queries)
    for (const text of copyText(
      query,
      windows.map(({ bytes }) => bytes),
    ))
      length += text.length;
  print(`${Math.round(length / 1e6)} MB`);
});

if (noPostgres !== false) throw new Error(noPostgres);
const manifest = {
  topic: { name: "clicks", id: "bench" },
  queries,
  windows: DEFAULT_WINDOWS,
  rules: DEFAULT_EVENT_RULES,
};
const folder = mkdtempSync(join(tmpdir(), "clickstream-bench-"));
const postgres = await TestPostgres.start();
try {
  const files = await JsonFilesSink.open(folder);
  await files.write(windows);
  for (let run = 1; run <= RUNS; run++) {
    const sink = new PostgresSink({
      connection: connectionTo(postgres),
      schema: `bench_${run}`,
      ownership: manifest,
    });
    const follower = new TreeFollower({
      clock: systemClock,
      source: new OutputWindows(folder, manifest),
      sink,
      onTrouble: ({ message }) => print(message),
      onRecovered: () => {},
    });
    const startedMs = performance.now();
    const before = process.cpuUsage();
    await follower.start();
    await follower.caughtUp(new AbortController().signal);
    const tookMs = performance.now() - startedMs;
    const { user, system } = process.cpuUsage(before);
    await follower.close();
    const perSecond = Math.round((follower.snapshot.rows * 1_000) / tookMs);
    print(
      `files to tables, run ${run}: ${perSecond} rows/s, ${((user + system) / rows).toFixed(1)} µs of CPU a row here`,
    );
  }
} finally {
  await postgres.close();
  rmSync(folder, { recursive: true });
}
