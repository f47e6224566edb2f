// What whole sessions take in memory: an event of a pane that is open, then a session that may still go on, measured and as
// the limit of the state counts them. node bench/sessions.ts [sessions, default 200,000] [pages of each, default 5]
import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { systemClock } from "../src/core/clock.ts";
import { WindowWorker } from "../src/engines/embedded/window-worker.ts";
import { DEFAULT_EVENT_RULES } from "../src/events/event.ts";
import type { RecordColumns } from "../src/events/records.ts";
import { DEFAULT_WINDOWS } from "../src/queries/plan.ts";
import { sessionQueries } from "../src/queries/sessions.ts";
import { type EncodedSlot, OpenWindows } from "../src/windows/open-windows.ts";
import { groupByWindows } from "../src/windows/window-groups.ts";

const PAGES_OF_SITE = 200;
const BATCH = 1_000;
const MINUTE_MS = 60_000;
const [sessions = 200_000, pages = 5] = process.argv.slice(2).map(Number);
const events = sessions * pages;
const startMs = Date.UTC(2026, 10, 23, 8);
const groups = groupByWindows(sessionQueries(1_800_000, DEFAULT_WINDOWS), DEFAULT_WINDOWS);

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes that are held after a full collection. */
function held(): number {
  collect();
  collect(); // buffers are freed beside the program: only a second collection waits for those of the first
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Every event of every session, within a minute: each session sees its pages one after the other. */
function encoded(): EncodedSlot[] {
  const start = { partition: 0, position: 0, endOffset: null, greatestMs: -Infinity, floorMs: -Infinity };
  const worker = new WindowWorker({
    groups,
    rules: DEFAULT_EVENT_RULES,
    windows: DEFAULT_WINDOWS,
    idleAfterMs: Number.POSITIVE_INFINITY,
    clock: systemClock,
    partitions: [start],
  });
  for (let from = 0; from < events; from += BATCH) worker.batch(0, batchFrom(from), from + BATCH);
  const { slots, deadLetters } = worker.flush({ floors: [], final: false });
  assert.equal(deadLetters.length, 0);
  return [...slots];
}

function batchFrom(from: number): RecordColumns {
  const count = Math.min(BATCH, events - from);
  const values = Array.from({ length: count }, (_, i) => Buffer.from(eventText(from + i)));
  const ends: number[] = [];
  for (const { length } of values) ends.push((ends.at(-1) ?? 0) + length);
  return {
    bytes: Buffer.concat(values),
    count,
    offset: Float64Array.from(values, (_, i) => from + i),
    timestampMs: new Float64Array(count).fill(startMs + MINUTE_MS),
    valueStart: Int32Array.from(ends, (end, i) => end - (values[i] as Buffer).length),
    valueEnd: Int32Array.from(ends),
    recordStart: new Int32Array(count),
  };
}

function eventText(n: number): string {
  const [page, session] = [Math.floor(n / sessions), n % sessions];
  const id = session.toString(16).padStart(12, "0");
  return JSON.stringify({
    event_id: `e${n}`,
    user_id: `user_${session}`,
    session_id: `5d85563c-80f1-47a5-bce1-${id}`,
    url: `/products/page-${(session * 7 + page * 13) % PAGES_OF_SITE}`,
    action: "view",
    timestamp: new Date(startMs + Math.floor((page * MINUTE_MS) / pages)).toISOString(),
    device_type: "mobile",
    browser: "Chrome",
  });
}

const slots = encoded();
const slotBytes = slots.reduce((sum, { bytes }) => sum + bytes.length, 0);
const before = held() - slotBytes;
const open = new OpenWindows(groups);
for (const slot of slots.splice(0)) open.add(slot);
const each = (bytes: number, count: number): string => `${(bytes / count).toFixed(1)} bytes`;
const counted = (count: number, noun: string): string =>
  `each of ${count} ${noun}: ${each(held() - before, count)} held, ${each(open.byteLength, count)} counted\n`;
process.stdout.write(`open pane, ${counted(events, "events")}`);
for (const end of open.ends(Number.NEGATIVE_INFINITY, startMs + MINUTE_MS)) open.close(end);
for (const { parts } of open.takeRewrites(Number.POSITIVE_INFINITY)) for (const _ of parts);
process.stdout.write(`closed pane, ${counted(sessions, "sessions")}`);
