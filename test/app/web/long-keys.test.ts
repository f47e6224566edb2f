// What is told of open windows stays small, whatever urls and users are called.
import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenWindowsView } from "../../../src/app/web/open-windows-view.ts";
import { WindowWorker } from "../../../src/engines/embedded/window-worker.ts";
import { DEFAULT_EVENT_RULES } from "../../../src/events/event.ts";
import { DEFAULT_WINDOWS } from "../../../src/queries/plan.ts";
import { count, query } from "../../../src/queries/query.ts";
import { STANDARD_QUERIES } from "../../../src/queries/standard.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { recordColumns } from "../../../src/testing/record-columns.ts";
import { OpenWindows } from "../../../src/windows/open-windows.ts";
import { groupByWindows } from "../../../src/windows/window-groups.ts";
import { MINUTE_MS, NOV_23 } from "../../history/trees.ts";

const MINUTES = 32;
const QUERIES = [
  ...STANDARD_QUERIES,
  query("everything", {
    by: ["url", "user_id", "session_id", "browser"],
    measures: { events: count() },
  }),
];
const GROUPS = groupByWindows(QUERIES, DEFAULT_WINDOWS);

/** Open windows in which these events were counted, one each `everyMs`. */
function openWindows(events: readonly Record<string, string>[], everyMs: number): OpenWindows {
  const worker = new WindowWorker({
    groups: GROUPS,
    rules: DEFAULT_EVENT_RULES,
    windows: { ...DEFAULT_WINDOWS, delayMs: 120 * MINUTE_MS },
    idleAfterMs: Number.POSITIVE_INFINITY,
    clock: { nowMs: () => NOV_23, monotonicMs: () => 0, sleep: async () => {} },
    partitions: [{ partition: 0, position: 0, endOffset: null, greatestMs: -Infinity, floorMs: -Infinity }],
  });
  const open = new OpenWindows(GROUPS);
  events.forEach((event, offset) => {
    const timeMs = NOV_23 + offset * everyMs;
    const value = Buffer.from(
      JSON.stringify({
        event_id: `e${offset}`,
        user_id: "u",
        session_id: "s",
        url: "/",
        action: "view",
        timestamp: timeMs,
        device_type: "mobile",
        browser: "Firefox",
        ...event,
      }),
    );
    const columns = recordColumns([{ offset, timestampMs: timeMs, value }]);
    worker.batch(0, columns, offset + 1);
    const { slots, partitions } = worker.flush({ floors: [], final: false });
    assert.equal(partitions[0]?.counted, 1, "the event is a valid one");
    for (const slot of slots) open.add(slot);
  });
  return open;
}

/** All open windows, after each was looked at. */
function lookedAt(open: OpenWindows) {
  const clock = new ManualClock(NOV_23);
  const openEnds = () => open.ends(Number.NEGATIVE_INFINITY, open.lastEndMs);
  const view = new OpenWindowsView(
    { openEnds, lookAt: (window, limit) => open.topRows(window, limit) },
    clock,
  );
  for (let look = 0; look < MINUTES; look++) {
    view.windows();
    clock.moveTo(clock.nowMs() + MINUTE_MS);
  }
  return view.windows();
}

test("of a long key the beginning is told, its size, and what tells it from its like", () => {
  const same = "/long".repeat(180_000);
  const events = [
    { url: `${same}a` },
    { url: `${same}b` },
    { url: `/${"é".repeat(599)}` },
    { url: "🙂".repeat(301) },
  ];
  const [window] = lookedAt(openWindows(events, 1)).slice(-1);
  const urls = window!.queries.url_counts!.rows.map(({ url }) => String(url));
  assert.equal(urls.length, 4);
  assert.equal(new Set(urls).size, 4, "keys that begin the same are told apart");
  for (const url of urls.filter((each) => each.startsWith("/long"))) {
    assert.equal(url.slice(0, 600), same.slice(0, 600));
    assert.match(url.slice(600), /^… \(900001 bytes, [0-9a-f]{8}\)$/);
  }
  assert.ok(urls.includes(events[2]!.url), "600 characters are told whole, whatever their bytes");
  assert.ok(urls.some((url) => url.startsWith("🙂".repeat(300)) && url.includes("… (1204 bytes, ")));
});

test("what is told of open windows is bounded in bytes, with keys of a tenth of a megabyte in every one", () => {
  const filler = (letter: string, size: number): string => letter.repeat(size);
  const events = Array.from({ length: MINUTES * 2 }, (_, n) => ({
    url: `/${n}${filler("\u0001", 10_000)}`,
    user_id: `${n}${filler("u", 60_000)}`,
    session_id: `${n}${filler("é", 60_000)}`,
    browser: `${n}${filler("b", 60_000)}`,
  }));
  const windows = lookedAt(openWindows(events, MINUTE_MS / 2));
  assert.equal(windows.length, 30);
  for (const { queries } of windows) {
    const bytes = Buffer.byteLength(JSON.stringify(queries));
    assert.ok(bytes < 65_000, `${bytes} bytes in one window`);
    assert.ok(queries.everything!.rows.length > 0, "some rows are told all the same");
  }
  const { keys, rows } = windows[10]!.queries.everything!;
  assert.ok(keys > rows.length, `${rows.length} of ${keys} rows`);
});
