import assert from "node:assert/strict";
import { test } from "node:test";
import { renderPlainLine } from "../../../src/app/progress/plain-line.ts";
import type { SparkSnapshot } from "../../../src/app/progress/snapshot.ts";
import { renderView } from "../../../src/app/progress/view.ts";
import { MIDDLE } from "./snapshots.ts";

const SPARK: SparkSnapshot = {
  queries: [],
  inputPerSecond: 52_000,
  processedPerSecond: 41_500,
  droppedRows: 12,
  stateRows: 1_234_567,
  stateBytes: 98_700_000,
  executors: 2,
  activeTasks: 1,
};
const snapshot = (spark: SparkSnapshot) => ({
  ...MIDDLE,
  engine: { ...MIDDLE.engine!, late: 0, dead: { "all reasons": 7 }, spark },
});
const marked = (_: unknown, text: string) => `<${text}>`;

test("under Spark load, tasks, state and dropped rows take the place of late events", () => {
  const lines = renderView(snapshot(SPARK), { width: 81, style: (_, text) => text }).split("\n");
  assert.deepEqual(lines.slice(-7, -1), [
    "windows    165 closed, 14 open, through 2026-11-23 06:31 UTC",
    "load       52,000 events/s in, 41,500 events/s processed",
    "tasks      1 active on 2 executors",
    "state      1,234,567 rows, 99 MB",
    "dropped    12 rows behind the watermark",
    "dead       7",
  ]);
  assert.match(
    renderPlainLine(snapshot(SPARK)),
    /dead 7 · load 52,000 .* · dropped 12 rows behind the watermark$/,
  );
});

test("one is said as one", () => {
  const one = { ...SPARK, executors: 1, stateRows: 1, droppedRows: 1 };
  const lines = renderView(snapshot(one), { width: 81, style: (_, text) => text }).split("\n");
  assert.deepEqual(lines.slice(-5, -2), [
    "tasks      1 active on 1 executor",
    "state      1 row, 99 MB",
    "dropped    1 row behind the watermark",
  ]);
});

test("falling behind and dropped rows ask for attention, and a driver that does not answer is no number", () => {
  const warned = renderView(snapshot(SPARK), { width: 81, style: marked });
  assert.match(warned, /<52,000 events\/s in/);
  assert.match(warned, /<12 rows behind/);
  const well = { ...SPARK, inputPerSecond: 0, droppedRows: 0, executors: null, activeTasks: null };
  const calm = renderView(snapshot(well), { width: 81, style: marked });
  assert.doesNotMatch(calm, /<0 events\/s in|<0 rows/);
  assert.match(calm, /tasks\s*>–/);
});
