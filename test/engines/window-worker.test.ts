import assert from "node:assert/strict";
import { test } from "node:test";
import { WindowWorker } from "../../src/engines/embedded/window-worker.ts";
import { DEFAULT_EVENT_RULES } from "../../src/events/event.ts";
import { arrivalsQuery } from "../../src/queries/arrivals.ts";
import { DEFAULT_WINDOWS, type QueryPlan } from "../../src/queries/plan.ts";
import { STANDARD_QUERIES } from "../../src/queries/standard.ts";
import { recordColumns } from "../../src/testing/record-columns.ts";
import { groupByWindows } from "../../src/windows/window-groups.ts";

const START_MS = Date.UTC(2026, 10, 23, 8);
const BATCH = 500;

function openWorker(queries: readonly QueryPlan[] = STANDARD_QUERIES): WindowWorker {
  return new WindowWorker({
    groups: groupByWindows(queries, DEFAULT_WINDOWS),
    rules: DEFAULT_EVENT_RULES,
    windows: DEFAULT_WINDOWS,
    idleAfterMs: Number.POSITIVE_INFINITY,
    clock: { nowMs: () => START_MS, monotonicMs: () => 0, sleep: async () => {} },
    partitions: [
      {
        partition: 0,
        position: 0,
        endOffset: null,
        greatestMs: Number.NEGATIVE_INFINITY,
        floorMs: Number.NEGATIVE_INFINITY,
      },
    ],
  });
}

/** Feeds batches until the worker is full or `limit` events were read; returns how many. */
function readUntilFull(
  worker: WindowWorker,
  limit: number,
  from: number,
  event: (n: number) => { timeMs: number; url: string },
): number {
  let n = from;
  while (n - from < limit && !worker.full) {
    const records = Array.from({ length: BATCH }, (_, i) => {
      const { timeMs, url } = event(n + i);
      const value = Buffer.from(
        JSON.stringify({
          event_id: `e${n + i}`,
          user_id: "u",
          session_id: "s",
          url,
          action: "view",
          timestamp: timeMs,
          device_type: "mobile",
          browser: "Firefox",
        }),
      );
      return { partition: 0, offset: n + i, timestampMs: timeMs, value };
    });
    n += BATCH;
    worker.batch(0, recordColumns(records), n);
  }
  return n - from;
}

test("a worker is full before its panes are too many for one commit, and reads on after a flush", () => {
  const worker = openWorker();
  const oneAMinute = (n: number) => ({ timeMs: START_MS + n * 60_000, url: "/" });
  const read = readUntilFull(worker, 20_000, 0, oneAMinute);
  assert(read < 20_000, "a pane for each of 20,000 events");
  assert.equal(worker.flush({ floors: [], final: false }).slots.length, read);
  assert.equal(worker.full, false);
});

test("a worker is full before its strings are too many for one commit, and reads on after a flush", () => {
  const worker = openWorker();
  const padding = "x".repeat(30_000);
  const longUrl = (n: number) => ({ timeMs: START_MS + n, url: `/${n}?${padding}` });
  const read = readUntilFull(worker, 5_000, 0, longUrl);
  assert(read < 5_000, "150 MB of distinct pages");
  worker.flush({ floors: [], final: false });
  assert.equal(worker.full, false);
  assert.equal(readUntilFull(worker, 1_000, read, longUrl), 1_000, "room kept is no reason to be full again");
});

test("a floor behind which something else than an event came first is kept where a window depends on it", () => {
  const HOUR_MS = 3_600_000;
  const event = (timestamp: number): string =>
    JSON.stringify({
      ...{ event_id: "e", user_id: "u", session_id: "s", url: "/", action: "view", timestamp },
      ...{ device_type: "mobile", browser: "Firefox" },
    });
  /** From which offset floors are forgotten, after an event that lifts the watermark beyond them by itself. */
  const forgottenFrom = (queries: readonly QueryPlan[], before: readonly string[]): number | null => {
    const worker = openWorker(queries);
    const feed = (from: number, values: readonly string[]): void => {
      const records = values.map((text, i) => ({
        ...{ partition: 0, offset: from + i, timestampMs: START_MS + 4 * HOUR_MS, value: Buffer.from(text) },
      }));
      worker.batch(0, recordColumns(records), from + values.length);
    };
    feed(0, [event(START_MS)]);
    worker.flush({ floors: [{ partition: 0, floorMs: START_MS + HOUR_MS }], final: true });
    if (before.length > 0) feed(1, before);
    feed(1 + before.length, [event(START_MS + 3 * HOUR_MS)]);
    return worker.flush({ floors: [], final: false }).partitions[0]?.spentFloorsFrom ?? null;
  };
  const withArrivals = [...STANDARD_QUERIES, arrivalsQuery(DEFAULT_WINDOWS)];
  assert.equal(forgottenFrom(withArrivals, []), 1);
  assert.equal(forgottenFrom(withArrivals, ["not JSON"]), null);
  assert.equal(forgottenFrom(withArrivals, [event(START_MS + 5 * HOUR_MS)]), null, "of the future: no event");
  assert.equal(forgottenFrom(STANDARD_QUERIES, ["not JSON"]), 1);
});
