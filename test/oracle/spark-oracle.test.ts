import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_EVENT_RULES } from "../../src/events/event.ts";
import type { LogRecord } from "../../src/oracle/oracle.ts";
import { SparkOracle } from "../../src/oracle/spark-oracle.ts";
import { DEFAULT_WINDOWS } from "../../src/queries/plan.ts";
import { count, query } from "../../src/queries/query.ts";
import { sessionQueries } from "../../src/queries/sessions.ts";
import { eventWith } from "../events/verdict-cases.ts";

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 10, 23, 8);
const PLAN = query("totals", { by: [], measures: { events: count() } });
const MANIFEST = {
  rules: DEFAULT_EVENT_RULES,
  windows: { ...DEFAULT_WINDOWS, sizeMs: 2 * MINUTE_MS, slideMs: MINUTE_MS },
};

/** Windows and their rows, by the minute in which they start, for one partition with an event in each of these minutes. */
function windowsOf(minutes: readonly number[], batchEnds: readonly [end: number, watermarkMinute: number][]) {
  const batches = batchEnds.map(([end, minute], batch) => ({
    batch,
    watermarkMs: START_MS + minute * MINUTE_MS,
    ends: { 0: end },
  }));
  const lastBatch = batches.length - 1;
  const oracle = new SparkOracle(
    MANIFEST,
    [{ plan: PLAN, timeline: { starts: { 0: 0 }, batches }, lastBatch }],
    [0],
  );
  minutes.forEach((minute, offset) => {
    oracle.add(recordAt(offset, minute));
  });
  oracle.finish(0);
  const counts = [...oracle.takeComplete()].map(({ windowStartMs, rows }) => {
    const { events } = JSON.parse(rows) as { events: number };
    return [(windowStartMs - START_MS) / MINUTE_MS, events];
  });
  return { counts, dropped: oracle.dropped().get("totals") };
}

test("windows up to the watermark of the last batch are final, each with all its events", () => {
  const { counts, dropped } = windowsOf(
    [0, 1, 1, 2],
    [
      [4, -10],
      [4, 2],
    ],
  );
  assert.deepEqual(counts, [
    [-1, 1],
    [0, 3],
  ]);
  assert.equal(dropped, 0);
});

test("a batch drops what falls in a pane that was final for the batch before it, and only that", () => {
  // The second batch meets the watermark of the first, not its own: minute 0 is dropped in the third alone.
  const { counts, dropped } = windowsOf(
    [0, 5, 0, 0, 1],
    [
      [2, -5],
      [3, 1],
      [5, 1],
      [5, 3],
    ],
  );
  assert.deepEqual(counts, [
    [-1, 2],
    [0, 3],
    [1, 1],
  ]);
  assert.equal(dropped, 1);
});

test("what no committed batch has read does not count", () => {
  const { counts } = windowsOf(
    [0, 0, 0],
    [
      [1, -5],
      [2, 5],
    ],
  );
  assert.deepEqual(counts, [
    [-1, 2],
    [0, 2],
  ]);
});

test("sessions end by their silence; what falls behind the watermark of the batch before goes into none", () => {
  const [plan] = sessionQueries(2 * MINUTE_MS, MANIFEST.windows);
  // The event of 3 min would join those of 1 and 5, had it come a batch earlier; that of 4 min is as old as the watermark.
  const minutes = [0, 1, 5, 3, 4, 9];
  const batchEnds = [
    [3, 4],
    [5, 4],
    [6, 8],
    [6, 8],
  ];
  const batches = batchEnds.map(([end, minute], batch) => ({
    ...{ batch, watermarkMs: START_MS + minute! * MINUTE_MS, ends: { 0: end! } },
  }));
  const timeline = { starts: { 0: 0 }, batches };
  const oracle = new SparkOracle(MANIFEST, [{ plan: plan!, timeline, lastBatch: 3 }], [0]);
  for (const [offset, minute] of minutes.entries()) oracle.add(recordAt(offset, minute));
  oracle.finish(0);
  const rows = [...oracle.takeComplete()].map(({ windowStartMs, rows }) => {
    const { events, session_seconds } = JSON.parse(rows) as { events: number; session_seconds: number };
    return [(windowStartMs - START_MS) / MINUTE_MS, events, session_seconds];
  });
  assert.deepEqual(rows, [
    [3, 2, 60],
    [7, 2, 60],
  ]);
  assert.equal(oracle.dropped().get("sessions"), 1);
});

function recordAt(offset: number, minute: number): LogRecord {
  const timestampMs = START_MS + minute * MINUTE_MS;
  const value = Buffer.from(eventWith({ timestamp: timestampMs }));
  return { partition: 0, offset, timestampMs, value };
}
