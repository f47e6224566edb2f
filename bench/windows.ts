// One worker and the coordinator's part without Kafka: records in memory → pane tables → merged windows → rows.
// Times are this thread's CPU time, so that other programs on the machine matter little.
// node bench/windows.ts [events, default 2,000,000] [daily: beside the standard queries, users by the day |
//   dedupe: duplicates are looked for | arrivals: what becomes of all records is counted, too |
//   sessions: also whole sessions and transitions]
import { systemClock } from "../src/core/clock.ts";
import { WindowWorker } from "../src/engines/embedded/window-worker.ts";
import { DEFAULT_EVENT_RULES } from "../src/events/event.ts";
import type { RecordColumns } from "../src/events/records.ts";
import { EventWriter } from "../src/generator/event-bytes.ts";
import { arrivalsQuery } from "../src/queries/arrivals.ts";
import { DEFAULT_WINDOWS, type QueryPlan, type WindowSettings } from "../src/queries/plan.ts";
import { count, countDistinct, query } from "../src/queries/query.ts";
import { sessionQueries } from "../src/queries/sessions.ts";
import { STANDARD_QUERIES } from "../src/queries/standard.ts";
import { OpenWindows } from "../src/windows/open-windows.ts";
import { groupByWindows } from "../src/windows/window-groups.ts";

const BATCH = 1_000;
const EVENTS_A_FLUSH = 350_000;
const GAP_MS = 1_800_000;
const total = Number(process.argv[2] ?? 2_000_000);
const startMs = Date.UTC(2026, 10, 23, 8);

function generate(from: number): RecordColumns {
  const columns: RecordColumns = {
    bytes: Buffer.alloc(BATCH * 400),
    count: BATCH,
    offset: new Float64Array(BATCH),
    timestampMs: new Float64Array(BATCH).fill(startMs + total),
    valueStart: new Int32Array(BATCH),
    valueEnd: new Int32Array(BATCH),
    recordStart: new Int32Array(BATCH),
  };
  let position = 0;
  for (let i = 0; i < BATCH; i++) {
    columns.offset[i] = from + i;
    columns.valueStart[i] = position;
    position = writer.write(from + i, startMs + from + i, columns.bytes, position);
    columns.valueEnd[i] = position;
  }
  return columns;
}

const writer = new EventWriter({
  seed: 1,
  startMs,
  users: 1_000,
  lateShare: 0.001,
  outOfOrderMs: 30_000,
  brokenShare: 0,
  duplicateShare: 0,
});
const daily = query("daily_users", {
  window: "1 day",
  by: [],
  measures: { events: count(), users: countDistinct("user_id"), sessions: countDistinct("session_id") },
});
const added: Readonly<Record<string, readonly QueryPlan[]>> = {
  daily: [daily],
  arrivals: [arrivalsQuery(DEFAULT_WINDOWS)],
  sessions: sessionQueries(GAP_MS, DEFAULT_WINDOWS),
};
const mode = process.argv[3] ?? "";
const queries = [...STANDARD_QUERIES, ...(added[mode] ?? [])];
const dedupe = mode === "dedupe";
const windows: WindowSettings = { ...DEFAULT_WINDOWS, ...(dedupe ? { dedupe: true } : {}) };
const groups = groupByWindows(queries, windows);
const worker = new WindowWorker({
  groups,
  rules: DEFAULT_EVENT_RULES,
  windows,
  idleAfterMs: Number.POSITIVE_INFINITY,
  clock: systemClock,
  partitions: [
    {
      partition: 0,
      position: 0,
      endOffset: null,
      greatestMs: -Infinity,
      floorMs: -Infinity,
      ...(dedupe ? { countedIds: [] } : {}),
    },
  ],
});
const open = new OpenWindows(groups);
const spentMs = { batch: 0, flush: 0, merge: 0, rows: 0, rewrites: 0 };
let closedThroughMs = Number.NEGATIVE_INFINITY;
let windowsClosed = 0;
let slotBytes = 0;
let newIdBytes = 0;
let idMemory = 0;
let rowBytes = 0;
let rewrittenBytes = 0;

function timed<R>(part: keyof typeof spentMs, body: () => R): R {
  const from = process.threadCpuUsage();
  const result = body();
  const { user, system } = process.threadCpuUsage(from);
  spentMs[part] += (user + system) / 1_000;
  return result;
}

for (let from = 0; from < total; from += BATCH) {
  const batch = generate(from);
  timed("batch", () => worker.batch(0, batch, from + BATCH));
  if ((from + BATCH) % EVENTS_A_FLUSH !== 0) continue;
  const flush = timed("flush", () => worker.flush({ floors: [], final: false }));
  for (const slot of flush.slots) {
    slotBytes += slot.bytes.length;
    timed("merge", () => open.add(slot));
  }
  for (const { newIds = [], idBytes = 0 } of flush.partitions) {
    for (const { bytes } of newIds) newIdBytes += bytes.length;
    idMemory = Math.max(idMemory, idBytes);
  }
  const greatestMs = flush.partitions[0]?.greatestMs ?? 0;
  const throughMs = open.lastEndBy(greatestMs - windows.delayMs);
  for (const window of open.ends(closedThroughMs, throughMs)) {
    const rows = timed("rows", () => open.close(window));
    for (const { bytes } of rows) rowBytes += bytes.length;
    windowsClosed++;
  }
  closedThroughMs = throughMs;
  timed("rewrites", () => {
    for (const { parts } of open.takeRewrites(Number.POSITIVE_INFINITY))
      for (const part of parts) rewrittenBytes += part.length;
  });
  open.drop(throughMs);
}

const perMillion = (ms: number): string => `${(ms / (total / 1e6)).toFixed(0)} CPU-ms per 1M events`;
process.stdout.write(
  [
    `scan, admit, group: ${perMillion(spentMs.batch)} (${(total / spentMs.batch / 1_000).toFixed(2)} M events/s)`,
    `flush:              ${perMillion(spentMs.flush)}, ${(slotBytes / (total / 1e6) / 1e6).toFixed(1)} MB per 1M`,
    `merge:              ${perMillion(spentMs.merge)}`,
    `rows:               ${perMillion(spentMs.rows)}, ${(spentMs.rows / windowsClosed).toFixed(1)} ms a window (${windowsClosed}), ${(rowBytes / windowsClosed / 1000).toFixed(0)} kB a window`,
    ...(mode === "sessions"
      ? [
          `closed panes again: ${perMillion(spentMs.rewrites)}, ${(rewrittenBytes / total).toFixed(1)} bytes an event`,
        ]
      : []),
    ...(dedupe
      ? [
          `ids:                ${(newIdBytes / total).toFixed(1)} bytes stored each, ${(idMemory / 1e6).toFixed(0)} MB`,
        ]
      : []),
    "",
  ].join("\n"),
);
