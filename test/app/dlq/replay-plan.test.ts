import assert from "node:assert/strict";
import { test } from "node:test";
import { forecast } from "../../../src/app/dlq/forecast.ts";
import { identityOf } from "../../../src/app/dlq/letter.ts";
import { uncountedLines } from "../../../src/app/dlq/letters-text.ts";
import { planReplay, type ReplayRules } from "../../../src/app/dlq/replay-plan.ts";
import { DEFAULT_EVENT_RULES } from "../../../src/events/event.ts";
import { STANDARD_QUERIES } from "../../../src/queries/standard.ts";
import type { Manifest, PartitionManifest } from "../../../src/sinks/manifest.ts";
import { ALL, holding, letter } from "./letters.ts";

const NOW = Date.UTC(2026, 10, 23, 9);
const MINUTE = 60_000;

function partition(given: Partial<PartitionManifest>): PartitionManifest {
  const accounting = { read: 0, counted: 0, late: 0, dead: {} };
  return {
    partition: 0,
    startOffset: 0,
    position: 0,
    greatestMs: null,
    floors: [],
    lost: [],
    ...accounting,
    ...given,
  };
}

const MANIFEST: Manifest = {
  format: 1,
  engine: "embedded",
  topic: { name: "clicks", id: "id" },
  windows: { sizeMs: 5 * MINUTE, slideMs: MINUTE, delayMs: 10 * MINUTE, maxAheadMs: MINUTE },
  rules: DEFAULT_EVENT_RULES,
  queries: STANDARD_QUERIES,
  closedThroughMs: NOW - 30 * MINUTE,
  partitions: [
    partition({ partition: 0, greatestMs: NOW }),
    partition({ partition: 1, greatestMs: NOW, floors: [{ offset: 0, floorMs: NOW - 2 * MINUTE }] }),
    partition({ partition: 2 }),
  ],
};

function event(timeMs: number, given: Record<string, unknown> = {}): Buffer {
  const fields = { event_id: "e", user_id: "u", session_id: "s", url: "/", action: "view" };
  return Buffer.from(
    JSON.stringify({ ...fields, timestamp: timeMs, device_type: "tablet", browser: "b", ...given }),
  );
}

test("an event is late from the moment that its last window's end is not after its partition's watermark", () => {
  const fate = (partition: number, timeMs: number) =>
    forecast(MANIFEST, { value: event(timeMs), partition, nowMs: NOW });
  // Watermark 8:50: the last window of 8:45:59.999 ends then, that of 8:46 a minute later.
  assert.equal(fate(0, NOW - 14 * MINUTE - 1), "late");
  assert.equal(fate(0, NOW - 14 * MINUTE), "counted");
  assert.equal(fate(1, NOW - 6 * MINUTE - 1), "late");
  assert.equal(fate(1, NOW - 6 * MINUTE), "counted");
  assert.equal(fate(2, 0), "counted");
  assert.equal(
    fate(9, NOW - 34 * MINUTE - 1),
    "late",
    "a partition that is found later begins closed through",
  );
});

test("an event that is still broken, or still in the future, is dead again", () => {
  const fate = (value: Buffer | null) => forecast(MANIFEST, { value, partition: 0, nowMs: NOW });
  assert.deepEqual(fate(null), { dead: "not_json" });
  assert.deepEqual(fate(event(NOW, { device_type: "phone" })), { dead: "unknown_device_type" });
  assert.deepEqual(fate(event(NOW + MINUTE + 1)), { dead: "from_the_future" });
  assert.equal(fate(event(NOW + MINUTE)), "counted");
});

const RULES: ReplayRules = {
  selection: ALL,
  edits: [{ field: "device_type", json: '"mobile"' }],
  maxAttempts: 3,
  limit: undefined,
};
const LETTERS = [
  letter({ offset: 0, value: event(NOW, { device_type: "phone" }) }),
  letter({ offset: 1, value: event(NOW - 60 * MINUTE) }),
  letter({ offset: 2, value: event(NOW, { url: "" }) }),
  letter({ offset: 3, value: null, truncatedBytes: 2_000_000 }),
  letter({ offset: 4, value: Buffer.from("no json") }),
  letter({ offset: 5, attempt: 3 }),
  letter({ offset: 6 }),
];

function plan(rules: Partial<ReplayRules>, manifest: Manifest | undefined = MANIFEST) {
  const marks = new Set([identityOf(LETTERS[6]!)]);
  const context = { marks, manifest, nowMs: NOW, partitionFor: () => 0 };
  return planReplay(holding(...LETTERS), { ...RULES, ...rules }, context);
}

test("a plan says of every selected letter what becomes of it, by name where nothing can", async () => {
  const planned = await plan({});
  assert.deepEqual(planned, {
    ...{ selected: 7, replayed: 1, exhausted: 1, truncated: 1, unfixable: 1, toSend: 3, late: 1 },
    ...{ dead: { "empty_field:url": 1 }, dedupe: false },
    named: [
      "clicks/0/3: its original of 2000000 bytes was not kept",
      "clicks/0/4: --fix needs a JSON object (not_json)",
    ],
  });
  assert.deepEqual(uncountedLines(planned), [
    "1 would be late and counted in no window",
    "1 would be dead letters again: empty_field:url 1",
  ]);
});

test("where events count once, it is said that repeats among them would not", async () => {
  const manifest = { ...MANIFEST, windows: { ...MANIFEST.windows, dedupe: true as const } };
  const lines = uncountedLines(await plan({}, manifest));
  assert.equal(
    lines.at(-1),
    "of the others, those with the event_id of a counted event would be duplicates (--dedupe)",
  );
  const planned = await plan({ limit: 1, edits: [] }, manifest);
  assert.deepEqual(uncountedLines({ ...planned, dead: {}, late: 1 }), [
    "1 would be late and counted in no window",
  ]);
});

test("a limit counts what is sent, and without a manifest nobody knows what would be late", async () => {
  assert.deepEqual(uncountedLines(await plan({ limit: 1 })), []);
  const blind = await planReplay(holding(...LETTERS), RULES, {
    ...{ marks: new Set(), manifest: undefined, nowMs: NOW, partitionFor: () => 0 },
  });
  assert.deepEqual([blind.late, blind.dead], [undefined, undefined]);
  assert.match(uncountedLines(blind).join(), /^unknown how many would be late/);
});

test("without a fix every original goes as it is, also one that is no JSON", async () => {
  const { toSend, unfixable } = await plan({ edits: [] });
  assert.deepEqual([toSend, unfixable], [4, 0]);
});
