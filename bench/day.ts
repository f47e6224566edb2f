// The state of a day-long window: a day of events, committed as the engine does, with the standard queries beside it.
// Prints how large the state gets, what is written, the longest commits, and what a restart takes. Times are this thread's
// CPU time, so that other programs on the machine matter little.
// node bench/day.ts [seconds between commits, default 10] [events a second, default 200] [slot parts, default 256]
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../src/core/clock.ts";
import type { Flush } from "../src/engines/embedded/flush.ts";
import { SqliteStore } from "../src/engines/embedded/sqlite-store.ts";
import { WindowWorker } from "../src/engines/embedded/window-worker.ts";
import { DEFAULT_EVENT_RULES } from "../src/events/event.ts";
import type { RecordColumns } from "../src/events/records.ts";
import { EventWriter } from "../src/generator/event-bytes.ts";
import { DEFAULT_WINDOWS } from "../src/queries/plan.ts";
import { count, countDistinct, query } from "../src/queries/query.ts";
import { STANDARD_QUERIES } from "../src/queries/standard.ts";
import { OpenWindows } from "../src/windows/open-windows.ts";
import { groupByWindows } from "../src/windows/window-groups.ts";

const DAY_MS = 86_400_000;
const [commitSeconds = 10, eventsPerSecond = 200, slotParts = 256] = process.argv.slice(2).map(Number);
const startMs = Date.UTC(2026, 10, 23);
const events = commitSeconds * eventsPerSecond;

const writer = new EventWriter({
  seed: 1,
  startMs,
  users: 20_000,
  lateShare: 0.001,
  outOfOrderMs: 30_000,
  brokenShare: 0,
  duplicateShare: 0,
});

/** CPU time of a piece of work, ms. */
function cpuMs(work: () => void): number {
  const from = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(from);
  return (user + system) / 1_000;
}

function generate(from: number): RecordColumns {
  const columns: RecordColumns = {
    bytes: Buffer.alloc(events * 400),
    count: events,
    offset: new Float64Array(events),
    timestampMs: new Float64Array(events).fill(startMs + 2 * DAY_MS),
    valueStart: new Int32Array(events),
    valueEnd: new Int32Array(events),
    recordStart: new Int32Array(events),
  };
  let position = 0;
  for (let i = 0; i < events; i++) {
    columns.offset[i] = from + i;
    columns.valueStart[i] = position;
    const timeMs = startMs + Math.floor(((from + i) * 1_000) / eventsPerSecond);
    position = writer.write(from + i, timeMs, columns.bytes, position);
    columns.valueEnd[i] = position;
  }
  return columns;
}

const daily = query("daily_users", {
  window: "1 day",
  by: [],
  measures: { users: countDistinct("user_id"), sessions: countDistinct("session_id"), events: count() },
});
const windows = DEFAULT_WINDOWS;
const queries = [...STANDARD_QUERIES, daily];
const groups = groupByWindows(queries, windows);
const worker = new WindowWorker({
  groups,
  rules: DEFAULT_EVENT_RULES,
  windows,
  idleAfterMs: Number.POSITIVE_INFINITY,
  clock: systemClock,
  partitions: [{ partition: 0, position: 0, endOffset: null, greatestMs: -Infinity, floorMs: -Infinity }],
});
const folder = mkdtempSync(join(tmpdir(), "clickstream-day-"));
let store = new SqliteStore(folder);
store.create({ topic: { name: "day", id: "day" }, queries, windows, rules: DEFAULT_EVENT_RULES }, []);
let open = new OpenWindows(groups);
const commitMs: number[] = [];
const written = { new: 0, rewritten: 0, rewrites: 0 };
const commits = DAY_MS / 1_000 / commitSeconds;

function commitSlots({ slots, partitions }: Flush): void {
  for (const slot of slots) open.add(slot);
  const closedThroughMs = open.lastEndBy((partitions[0]?.greatestMs ?? 0) - windows.delayMs);
  open.drop(closedThroughMs);
  const rewrites = open.takeRewrites(slotParts).map(({ parts, ...key }) => ({
    ...key,
    parts: Array.from(parts, (bytes) => {
      written.rewritten += bytes.length;
      return bytes;
    }),
  }));
  written.rewrites += rewrites.length;
  written.new += slots.reduce((sum, { bytes }) => sum + bytes.length, 0);
  store.commit({
    partitions: [],
    closedThroughMs,
    windowsClosed: 0,
    newSlots: slots,
    rewrites,
    dropPanesThroughMs: open.droppedThroughMs(closedThroughMs),
    newIds: [],
    dropIdsThroughMs: new Map(),
    newOutbox: [],
    confirmed: [],
  });
}

for (let commit = 0; commit < commits; commit++) {
  worker.batch(0, generate(commit * events), (commit + 1) * events);
  const flush = worker.flush({ floors: [], final: false });
  commitMs.push(cpuMs(() => commitSlots(flush)));
}

const fileBytes = statSync(join(folder, "state.sqlite")).size;
const heldBytes = open.byteLength;
store.close();
let parts = 0;
const restartMs = cpuMs(() => {
  store = new SqliteStore(folder);
  open = new OpenWindows(groups);
  for (const slot of store.slots()) {
    open.add(slot);
    parts++;
  }
});
store.close();
rmSync(folder, { recursive: true });

const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const longest = commitMs.toSorted((a, b) => b - a);
process.stdout.write(
  [
    `${commits * events} events in ${commits} commits`,
    `state: ${mb(heldBytes)} in memory, ${mb(fileBytes)} on disk in ${parts} parts`,
    `written: ${mb(written.new)} as it came, ${mb(written.rewritten)} in ${written.rewrites} rewrites`,
    `commits, CPU: ${longest[commits >> 1]?.toFixed(1)} ms in the middle, the longest ${longest
      .slice(0, 3)
      .map((ms) => ms.toFixed(0))
      .join(", ")} ms`,
    `restart: ${restartMs.toFixed(0)} CPU-ms to read the state`,
    "",
  ].join("\n"),
);
