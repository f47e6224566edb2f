// Examples worked out by hand from the meaning: size 5 s, slide 1 s, delay 10 s; times are seconds after a round minute.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_EVENT_RULES } from "../../src/events/event.ts";
import { type LogRecord, Oracle } from "../../src/oracle/oracle.ts";
import type { QueryPlan } from "../../src/queries/plan.ts";
import { count, query } from "../../src/queries/query.ts";
import type { Accounting, Floor, Manifest } from "../../src/sinks/manifest.ts";
import { expectedOutput } from "../simulation/expected-output.ts";

const START_MS = Date.UTC(2026, 10, 23, 8, 5, 0);
const TOTALS = query("totals", { by: [], measures: { events: count() } });

interface Setup {
  closedThrough?: number | null;
  position?: number;
  startOffset?: number;
  floors?: Record<number, Floor[]>;
  lost?: { from: number; to: number }[];
  partitions?: number;
  queries?: QueryPlan[];
}

function manifest({
  closedThrough = 1_000,
  position = 100,
  startOffset = 0,
  floors = {},
  lost = [],
  partitions = 1,
  queries = [TOTALS],
}: Setup): Manifest {
  return {
    format: 1,
    engine: "embedded",
    topic: { name: "clickstream", id: "id" },
    windows: { sizeMs: 5_000, slideMs: 1_000, delayMs: 10_000, maxAheadMs: 2_000 },
    rules: DEFAULT_EVENT_RULES,
    queries,
    closedThroughMs: closedThrough === null ? null : START_MS + closedThrough * 1_000,
    partitions: Array.from({ length: partitions }, (_, partition) => ({
      partition,
      startOffset,
      position,
      greatestMs: null,
      floors: (floors[partition] ?? []).map(({ offset, floorMs }) => ({
        offset,
        floorMs: START_MS + floorMs * 1_000,
      })),
      lost,
      read: 0,
      counted: 0,
      late: 0,
      dead: {},
    })),
  };
}

/** An event at `seconds`, whose record has the same timestamp unless told otherwise. */
function event(offset: number, seconds: number, { partition = 0, recordSeconds = seconds } = {}): LogRecord {
  const timestamp = START_MS + seconds * 1_000;
  const value = { event_id: "e", user_id: "u", session_id: "s", url: "/", action: "view", timestamp };
  return {
    partition,
    offset,
    timestampMs: START_MS + recordSeconds * 1_000,
    value: Buffer.from(JSON.stringify({ ...value, device_type: "tablet", browser: "b" })),
  };
}

/** Events by start of window, in seconds. */
function eventsByWindow(files: Map<string, string>): Record<string, number> {
  return Object.fromEntries(
    [...files].map(([key, rows]) => {
      const { events } = JSON.parse(rows) as { events: number };
      return [(Number(key.split("/")[1]) - START_MS) / 1_000, events];
    }),
  );
}

function outcome(
  setup: Setup,
  records: LogRecord[],
): { windows: Record<string, number>; accounting: Accounting[] } {
  const { files, accounting } = expectedOutput({ records }, manifest(setup));
  return { windows: eventsByWindow(files), accounting: [...accounting.values()] };
}

test("an event counts in every window that holds it: the start belongs to it, the end does not", () => {
  assert.deepEqual(outcome({}, [event(0, 7)]).windows, { 3: 1, 4: 1, 5: 1, 6: 1, 7: 1 });
  assert.deepEqual(outcome({}, [event(0, 7.999)]).windows, { 3: 1, 4: 1, 5: 1, 6: 1, 7: 1 });
  assert.deepEqual(outcome({}, [event(0, 6.999)]).windows, { 2: 1, 3: 1, 4: 1, 5: 1, 6: 1 });
});

test("a delayed event counts only in the windows that end after the watermark it meets", () => {
  // Watermark 20 − 10 = 10. The event at 7 lies in the windows that end at 8, 9, 10, 11 and 12: the last two count it.
  const { windows, accounting } = outcome({}, [event(0, 20), event(1, 7)]);
  assert.deepEqual(windows, { 6: 1, 7: 1, 16: 1, 17: 1, 18: 1, 19: 1, 20: 1 });
  assert.deepEqual(accounting, [{ read: 2, counted: 2, late: 0, dead: {} }]);
});

test("an event in none of whose windows it counts is late, and the watermark itself is already too late", () => {
  // Watermark 10: the last window of 5.999 ends at 10.
  assert.deepEqual(outcome({}, [event(0, 20), event(1, 5.999)]).accounting, [
    { read: 2, counted: 1, late: 1, dead: {} },
  ]);
  // The last window of 6 ends at 11.
  assert.deepEqual(outcome({}, [event(0, 20), event(1, 6)]).accounting, [
    { read: 2, counted: 2, late: 0, dead: {} },
  ]);
});

test("events of one pane that met different watermarks count in different windows", () => {
  // All three lie in the pane 7–8. They meet watermarks −∞, 9 and 10, and so count in 5, 3 and 2 windows.
  const { windows } = outcome({ closedThrough: 12 }, [
    event(0, 7.1),
    event(1, 19),
    event(2, 7.2),
    event(3, 20),
    event(4, 7.3),
  ]);
  assert.deepEqual(windows, { 3: 1, 4: 1, 5: 2, 6: 3, 7: 3 });
});

test("a partition's watermark is its own: an event delayed against another partition counts in full", () => {
  const { windows } = outcome({ partitions: 2, closedThrough: 12 }, [
    event(0, 60),
    event(0, 7, { partition: 1 }),
  ]);
  assert.deepEqual(windows, { 3: 1, 4: 1, 5: 1, 6: 1, 7: 1 });
});

test("a floor holds from its offset on, and only for its partition", () => {
  const floors = { 0: [{ offset: 5, floorMs: 10 }] };
  const first = outcome({ floors, closedThrough: 12 }, [event(4, 7)]);
  assert.deepEqual(first.windows, { 3: 1, 4: 1, 5: 1, 6: 1, 7: 1 });
  const second = outcome({ floors, closedThrough: 12 }, [event(5, 7)]);
  assert.deepEqual(second.windows, { 6: 1, 7: 1 });
  const other = outcome({ floors, closedThrough: 12, partitions: 2 }, [event(5, 7, { partition: 1 })]);
  assert.deepEqual(other.windows, { 3: 1, 4: 1, 5: 1, 6: 1, 7: 1 });
});

test("a floor inside a hole of offsets holds for the record behind the hole", () => {
  const floors = { 0: [{ offset: 50, floorMs: 13 }] };
  assert.deepEqual(outcome({ floors }, [event(4, 8), event(90, 7)]).accounting, [
    { read: 2, counted: 1, late: 1, dead: {} },
  ]);
});

test("the greatest of several floors and of the watermark proper holds", () => {
  const floors = {
    0: [
      { offset: 1, floorMs: 8 },
      { offset: 3, floorMs: 11 },
    ],
  };
  const at = (offset: number, before: LogRecord[] = []) =>
    outcome({ floors, closedThrough: 12 }, [...before, event(offset, 7)]).windows;
  assert.deepEqual(at(1), { 4: 1, 5: 1, 6: 1, 7: 1 });
  assert.deepEqual(at(3), { 7: 1 });
  // 19.5 − 10 = 9.5 is above the floor of 8 …
  assert.deepEqual(at(2, [event(1, 19.5)]), { 5: 1, 6: 1, 7: 1 });
  // … and below the floor of 11.
  assert.deepEqual(at(3, [event(2, 19.5)]), { 7: 1 });
});

test("an event from the future is dead and moves no watermark", () => {
  const { windows, accounting } = outcome({ closedThrough: 12 }, [
    event(0, 60.001, { recordSeconds: 58 }),
    event(1, 7),
  ]);
  assert.deepEqual(windows, { 3: 1, 4: 1, 5: 1, 6: 1, 7: 1 });
  assert.deepEqual(accounting, [{ read: 2, counted: 1, late: 0, dead: { from_the_future: 1 } }]);
  const onTheBound = outcome({ closedThrough: 12 }, [event(0, 60, { recordSeconds: 58 }), event(1, 7)]);
  assert.deepEqual(onTheBound.accounting, [{ read: 2, counted: 1, late: 1, dead: {} }]);
});

test("an event whose record has no timestamp is dead and moves no watermark", () => {
  const timeless = { ...event(0, 30), timestampMs: -1 };
  const { windows, accounting } = outcome({ closedThrough: 12 }, [timeless, event(1, 7)]);
  assert.deepEqual(windows, { 3: 1, 4: 1, 5: 1, 6: 1, 7: 1 });
  assert.deepEqual(accounting, [{ read: 2, counted: 1, late: 0, dead: { no_record_time: 1 } }]);
});

test("a broken event moves no watermark and is counted by its reason", () => {
  const broken = {
    partition: 0,
    offset: 0,
    timestampMs: START_MS + 60_000,
    value: Buffer.from('{"timestamp":9}'),
  };
  const { accounting } = outcome({}, [broken, { ...broken, offset: 1, value: null }, event(2, 7)]);
  assert.deepEqual(accounting, [
    { read: 3, counted: 1, late: 0, dead: { "missing_field:event_id": 1, not_json: 1 } },
  ]);
});

test("windows that are still open have no rows, though their events count", () => {
  const { windows, accounting } = outcome({ closedThrough: 9 }, [event(0, 7)]);
  assert.deepEqual(windows, { 3: 1, 4: 1 });
  assert.deepEqual(accounting, [{ read: 1, counted: 1, late: 0, dead: {} }]);
  assert.deepEqual(outcome({ closedThrough: null }, [event(0, 7)]).windows, {});
});

test("only records from the start offset to the position matter, less what was lost", () => {
  const records = [1, 2, 3, 4, 5, 6].map((offset) => event(offset, 7));
  const { accounting } = outcome({ startOffset: 2, position: 6, lost: [{ from: 3, to: 5 }] }, records);
  assert.deepEqual(accounting, [{ read: 2, counted: 2, late: 0, dead: {} }]);
});

test("a window is handed out once, when every partition's watermark has passed it", () => {
  const oracle = new Oracle(manifest({ partitions: 3 }));
  const taken = () => oracle.takeComplete().map(({ windowStartMs }) => (windowStartMs - START_MS) / 1_000);
  oracle.add(event(0, 7));
  oracle.add(event(1, 19));
  assert.equal(oracle.watermarkMs(0), START_MS + 9_000);
  assert.deepEqual(taken(), [], "two partitions have not begun");
  oracle.finish(1);
  oracle.add(event(0, 18, { partition: 2 }));
  assert.deepEqual(taken(), [3], "the least watermark is 8");
  oracle.add(event(1, 60, { partition: 2 }));
  assert.deepEqual(taken(), [4], "the least watermark is 9");
  assert.deepEqual(taken(), []);
  oracle.finish(0);
  assert.deepEqual(taken(), [5, 6, 7, 14, 15, 16, 17, 18, 19]);
  oracle.finish(2);
  assert.deepEqual(taken(), [56, 57, 58, 59, 60]);
});

test("a window that a floor leaves without events has no rows", () => {
  const floors = { 0: [{ offset: 0, floorMs: 11 }] };
  assert.deepEqual(outcome({ floors }, [event(0, 7)]).windows, { 7: 1 });
});

test("records of a partition out of offset order are a broken invariant", () => {
  const oracle = new Oracle(manifest({}));
  oracle.add(event(3, 7));
  assert.throws(() => oracle.add(event(3, 7)), /offset 3 after 4/);
});

test("each query has its own windows, and an event is late when it is in none of any query's", () => {
  const tumbling = query("tumbling", { by: [], measures: { events: count() }, window: "20s" });
  const setup = { queries: [TOTALS, tumbling], closedThrough: 40 };
  // Watermark 35 − 10 = 25: windows of TOTALS hold 22 until 27, those of `tumbling` until 40; 19 has neither.
  const records = [event(0, 35), event(1, 22), event(2, 20), event(3, 19)];
  const { files, accounting } = expectedOutput({ records }, manifest(setup));
  const of = (name: string) => eventsByWindow(new Map([...files].filter(([key]) => key.startsWith(name))));
  assert.deepEqual(of("totals"), { 21: 1, 22: 1, 31: 1, 32: 1, 33: 1, 34: 1, 35: 1 });
  assert.deepEqual(of("tumbling"), { 20: 3 });
  assert.deepEqual([...accounting.values()], [{ read: 4, counted: 3, late: 1, dead: {} }]);
});
