import assert from "node:assert/strict";
import { test } from "node:test";
import { checkOwnership, newPartitions, resumedPartitions } from "../../src/engines/embedded/ownership.ts";
import type { Ownership, StoredState } from "../../src/engines/embedded/state-store.ts";
import { DEFAULT_EVENT_RULES } from "../../src/events/event.ts";
import { DEFAULT_WINDOWS } from "../../src/queries/plan.ts";
import { count, query } from "../../src/queries/query.ts";
import { STANDARD_QUERIES } from "../../src/queries/standard.ts";

const OWNERSHIP: Ownership = {
  topic: { name: "clickstream", id: "a" },
  queries: STANDARD_QUERIES,
  windows: DEFAULT_WINDOWS,
  rules: DEFAULT_EVENT_RULES,
};
const bounds = (earliest: number[], latest: number[]) => ({
  earliest: new Map(earliest.map((offset, partition) => [partition, offset])),
  latest: new Map(latest.map((offset, partition) => [partition, offset])),
});
const stored = (closedThroughMs: number | null): StoredState => ({
  ownership: OWNERSHIP,
  partitions: newPartitions(bounds([5, 0], [0, 0])).map((partition) => ({ ...partition, position: 20 })),
  closedThroughMs,
  windowsClosed: 0,
  outbox: [],
});

test("the same pipeline goes on, also with its state read back from JSON", () => {
  checkOwnership(JSON.parse(JSON.stringify(OWNERSHIP)), OWNERSHIP);
});

test("another topic, a topic created again, other queries, windows or rules are refused by name", () => {
  const refused = (change: Partial<Ownership>, expected: { code: string; message: RegExp }) =>
    assert.throws(() => checkOwnership(OWNERSHIP, { ...OWNERSHIP, ...change }), expected);
  refused(
    { topic: { name: "other", id: "b" } },
    { code: "TOPIC_CHANGED", message: /belongs to topic clickstream/ },
  );
  refused({ topic: { name: "clickstream", id: "b" } }, { code: "TOPIC_CHANGED", message: /created again/ });
  const more = [...STANDARD_QUERIES, query("hits", { by: [], measures: { hits: count() } })];
  refused({ queries: more }, { code: "SETTINGS_CHANGED", message: /other queries: then null, now .*hits/ });
  refused(
    { windows: { ...DEFAULT_WINDOWS, delayMs: 1 } },
    { code: "SETTINGS_CHANGED", message: /window settings/ },
  );
  refused(
    { rules: { ...DEFAULT_EVENT_RULES, actions: ["tap"] } },
    { code: "SETTINGS_CHANGED", message: /tap/ },
  );
});

test("a new state starts at the earliest offsets", () => {
  const [first, second] = newPartitions(bounds([5, 0], [9, 9]));
  assert.deepEqual([first?.startOffset, first?.position, second?.position], [5, 5, 0]);
});

test("offsets that vanished stop the run, or are skipped and counted when that is allowed", () => {
  for (const [log, lost] of [
    [bounds([5, 30], [40, 40]), { from: 20, to: 30 }],
    [bounds([5, 0], [40, 10]), { from: 20, to: 10 }],
  ] as const) {
    assert.throws(() => resumedPartitions(stored(null), log, false), {
      code: "DATA_LOST",
      message: /Partition 1/,
    });
    const [untouched, skipped] = resumedPartitions(stored(null), log, true);
    assert.deepEqual([untouched?.position, untouched?.lost], [20, []]);
    assert.deepEqual([skipped?.position, skipped?.lost], [lost.to, [lost]]);
  }
});

test("a partition that the topic gained starts behind the closed windows", () => {
  const log = bounds([5, 0, 3], [40, 40, 40]);
  assert.deepEqual(resumedPartitions(stored(60_000), log, false)[2]?.floors, [
    { offset: 3, floorMs: 60_000 },
  ]);
  assert.deepEqual(resumedPartitions(stored(null), log, false)[2]?.floors, []);
});
