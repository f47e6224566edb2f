import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProgressReport } from "../../../src/engines/spark/connect/progress-report.ts";
import { afterBatch, NO_TOTALS } from "../../../src/engines/spark/query-totals.ts";

interface Batch {
  rows: number;
  from?: Record<string, number> | undefined;
  to: Record<string, number>;
  written?: number;
  dropped?: number;
  watermark?: string;
}

function report(batchId: number, batch: Batch): ProgressReport {
  const { rows, from, to, written = -1, dropped = 0, watermark = "1970-01-01T00:00:00.000Z" } = batch;
  return {
    ...{
      id: "i",
      runId: "r",
      name: "q",
      timestamp: "",
      batchDuration: 5,
      durationMs: { triggerExecution: 5, addBatch: 3 },
    },
    batchId,
    eventTime: { min: "2026-11-23T08:00:00.000Z", max: "2026-11-23T08:05:00.000Z", watermark },
    stateOperators: [
      {
        ...{ operatorName: "o", numRowsTotal: 1, numRowsUpdated: 1, memoryUsedBytes: 1 },
        numRowsDroppedByWatermark: dropped,
      },
    ],
    sources: [
      {
        description: "kafka",
        startOffset: from === undefined ? null : { clicks: from },
        endOffset: JSON.stringify({ clicks: to }), // both forms are seen
        latestOffset: null,
        numInputRows: rows,
      },
    ],
    sink: { description: "s", numOutputRows: written },
  };
}

test("reports add up, each once, in any repetition", () => {
  const first = report(0, { rows: 10, to: { 0: 6, 1: 5 }, written: 2 });
  const second = report(1, {
    ...{ rows: 3, from: { 0: 6, 1: 5 }, to: { 0: 9, 1: 5 }, written: 1, dropped: 4 },
    watermark: "2026-11-23T07:55:00.000Z",
  });
  let totals = NO_TOTALS;
  for (const seen of [first, first, second, first, second]) totals = afterBatch(totals, seen, "clicks");
  assert.deepEqual(totals, {
    batchId: 1,
    read: 13,
    written: 3,
    dropped: 4,
    positions: { 0: 9, 1: 5 },
    watermarkMs: Date.UTC(2026, 10, 23, 7, 55),
    firstEventMs: Date.UTC(2026, 10, 23, 8),
  });
});

test("what batches read whose reports were never seen is taken from the offsets", () => {
  const first = afterBatch(NO_TOTALS, report(0, { rows: 10, to: { 0: 10 } }), "clicks");
  const later = afterBatch(first, report(5, { rows: 7, from: { 0: 50 }, to: { 0: 57 } }), "clicks");
  assert.equal(later.read, 10 + 40 + 7);
});

test("a sink that does not count, and Spark's first watermark, add nothing", () => {
  const totals = afterBatch(NO_TOTALS, report(0, { rows: 1, to: { 0: 1 } }), "clicks");
  assert.deepEqual([totals.written, totals.watermarkMs], [0, null]);
  const { eventTime, ...stateless } = report(1, { rows: 1, to: { 0: 2 } });
  assert.ok(eventTime !== undefined);
  assert.equal(afterBatch(NO_TOTALS, stateless, "clicks").firstEventMs, null); // the one for dead letters
});

test("a report on waiting is none on the batch that comes", () => {
  const waiting = { ...report(0, { rows: 0, to: {} }), durationMs: { triggerExecution: 5 } };
  const totals = afterBatch(NO_TOTALS, waiting, "clicks");
  assert.equal(totals, NO_TOTALS);
  assert.equal(afterBatch(totals, report(0, { rows: 3, to: { 0: 3 }, written: 2 }), "clicks").written, 2);
});
