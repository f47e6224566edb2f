import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Explanation,
  explainPartitions,
  type Findings,
} from "../../../src/app/explanation/explain-partitions.ts";
import { explanationText } from "../../../src/app/explanation/explanation-text.ts";
import type { QueryPlan } from "../../../src/queries/plan.ts";
import { count, query } from "../../../src/queries/query.ts";
import { STANDARD_QUERIES } from "../../../src/queries/standard.ts";
import type { Manifest } from "../../../src/sinks/manifest.ts";

const at = (time: string): number => Date.parse(`2026-11-23T${time}Z`);

interface Part {
  position?: number;
  end?: number;
  lastStable?: number;
  greatest?: string;
  floor?: string;
  idle?: boolean;
}

interface Moment {
  closedThrough?: string;
  engineRuns?: boolean;
  kafkaAnswers?: boolean;
  queries?: readonly QueryPlan[];
}

/** Windows of five minutes by one, a delay of ten; partitions are at offset 100, their end, unless told otherwise. */
function explained(parts: readonly Part[], moment: Moment = {}): Explanation {
  const { closedThrough, engineRuns = true, kafkaAnswers = true, queries = STANDARD_QUERIES } = moment;
  const manifest: Manifest = {
    format: 1,
    engine: "embedded",
    topic: { name: "clicks", id: "00000000-0000-4000-8000-000000000001" },
    windows: { sizeMs: 300_000, slideMs: 60_000, delayMs: 600_000, maxAheadMs: 60_000 },
    rules: { maxEventBytes: 1_000, actions: [], deviceTypes: [] },
    queries,
    closedThroughMs: closedThrough === undefined ? null : at(closedThrough),
    partitions: parts.map(({ position = 100, greatest, floor }, partition) => ({
      partition,
      startOffset: 0,
      position,
      greatestMs: greatest === undefined ? null : at(greatest),
      floors: floor === undefined ? [] : [{ offset: 0, floorMs: at(floor) }],
      lost: [],
      read: 0,
      counted: 0,
      late: 0,
      dead: {},
    })),
    idle: parts.flatMap(({ idle }, partition) => (idle ? [partition] : [])),
  };
  const end = new Map(parts.map((part, partition) => [partition, part.end ?? 100]));
  const lastStable = new Map(
    parts.map((part, partition) => [partition, part.lastStable ?? end.get(partition)!]),
  );
  const findings: Findings = { manifest, engineRuns };
  return explainPartitions(kafkaAnswers ? { ...findings, ends: { end, lastStable } } : findings);
}

test("positions, lag and times of every partition", () => {
  const { partitions } = explained(
    [{ position: 90, greatest: "08:14:30" }, { greatest: "08:00:00", floor: "08:03:00", idle: true }, {}],
    { closedThrough: "08:03:00" },
  );
  assert.deepEqual(partitions, [
    {
      ...{ partition: 0, position: 90, end: 100, lag: 10, idle: false },
      ...{ greatestMs: at("08:14:30"), watermarkMs: at("08:04:30"), floorMs: null },
    },
    {
      ...{ partition: 1, position: 100, end: 100, lag: 0, idle: true },
      ...{ greatestMs: at("08:00:00"), watermarkMs: at("08:03:00"), floorMs: at("08:03:00") },
    },
    {
      ...{ partition: 2, position: 100, end: 100, lag: 0, idle: false },
      ...{ greatestMs: null, watermarkMs: null, floorMs: null },
    },
  ]);
});

test("the slowest partition holds the next window open, others may too", () => {
  const { next } = explained([{ greatest: "08:13:50" }, { greatest: "08:13:10" }, { greatest: "08:14:00" }], {
    closedThrough: "08:03:00",
  });
  assert.deepEqual(next, {
    startMs: at("07:59:00"),
    endMs: at("08:04:00"),
    queries: [],
    heldBy: 1,
    alsoHeldBy: [0],
    reason: "waits_for_events",
    neededEventMs: at("08:14:00"),
  });
});

test("the next window is the next of any query", () => {
  const hourly = query("hourly", { window: "1 hour", by: [], measures: { events: count() } });
  const daily = query("daily", { window: "1 day", by: [], measures: { events: count() } });
  const nextOf = (queries: readonly QueryPlan[], closedThrough: string) => {
    const explanation = explained([{ greatest: "08:13:50" }], { closedThrough, queries });
    const { next } = explanation;
    return { next: [next?.startMs, next?.endMs, next?.queries], says: explanationText(explanation) };
  };
  const all = [...STANDARD_QUERIES, hourly, daily];
  const standard = STANDARD_QUERIES.map(({ name }) => name);
  assert.deepEqual(nextOf(all, "08:03:00").next, [at("07:59:00"), at("08:04:00"), standard]);
  const alone = nextOf([hourly, daily], "08:00:00");
  assert.deepEqual(alone.next, [at("08:00:00"), at("09:00:00"), ["hourly"]]);
  assert.match(alone.says, /next window to become final, of hourly, is \S+ 08:00:00 to \S+ 09:00:00/);
});

const fast: Part = { greatest: "08:20:00" };
const slow: Part = { greatest: "08:13:10" };
const REASONS: readonly [string, Part[], Moment, { heldBy: number; reason: string; says: RegExp }][] = [
  [
    "events are still to be read",
    [fast, { ...slow, position: 40 }],
    {},
    {
      heldBy: 1,
      reason: "behind",
      says: /60 records in Kafka are still to be read, and the engine is at it/,
    },
  ],
  [
    "no engine reads them",
    [fast, { ...slow, position: 40 }],
    { engineRuns: false },
    { heldBy: 1, reason: "stopped", says: /no engine is running\.\nStart it: clickstream process/ },
  ],
  [
    "no engine reads them, and others were silent when it stopped",
    [
      { greatest: "08:13:05", idle: true },
      { ...slow, position: 40 },
    ],
    { engineRuns: false },
    { heldBy: 1, reason: "stopped", says: /no engine is running/ },
  ],
  [
    "a transaction is open",
    [fast, { ...slow, end: 120, lastStable: 100 }],
    {},
    { heldBy: 1, reason: "open_transaction", says: /neither committed nor aborted/ },
  ],
  [
    "its events are not far enough",
    [fast, slow],
    {},
    {
      heldBy: 1,
      reason: "waits_for_events",
      says: /an event of 2026-11-23 08:14:00 or later,\n.*--idle-after/,
    },
  ],
  [
    "it never had an event",
    [fast, {}],
    {},
    { heldBy: 1, reason: "no_event_yet", says: /no watermark.*\n?.*/ },
  ],
  [
    "a silent partition is given up in a moment",
    [fast, { ...slow, idle: true }],
    {},
    { heldBy: 1, reason: "idle", says: /no longer waited for/ },
  ],
  [
    "not a silent partition but the one that the others wait for",
    [fast, { ...slow, idle: true }, { greatest: "08:13:40" }],
    {},
    { heldBy: 2, reason: "waits_for_events", says: /Partition 2 holds it open/ },
  ],
  [
    "all are silent",
    [
      { ...slow, idle: true },
      { greatest: "08:13:40", idle: true },
    ],
    {},
    { heldBy: 0, reason: "all_idle", says: /All partitions are silent/ },
  ],
  [
    "Kafka does not answer",
    [fast, slow],
    { kafkaAnswers: false },
    { heldBy: 1, reason: "end_unknown", says: /Kafka does not answer/ },
  ],
];

for (const [what, parts, moment, { heldBy, reason, says }] of REASONS) {
  test(`why a window is open: ${what}`, () => {
    const explanation = explained(parts, { closedThrough: "08:03:00", ...moment });
    assert.equal(explanation.next?.heldBy, heldBy);
    assert.equal(explanation.next.reason, reason);
    assert.match(explanationText(explanation), says);
  });
}

test("before the first window: whoever has no watermark holds all open", () => {
  const explanation = explained([fast, {}, {}]);
  assert.equal(explanation.next?.heldBy, 1);
  assert.deepEqual(explanation.next.alsoHeldBy, [2]);
  assert.match(explanationText(explanation), /partition 1 holds all of them open/);
});

test("the text shows every partition, and what is not known as a dash", () => {
  const text = explanationText(
    explained(
      [
        { ...slow, position: 12_345 },
        { floor: "08:03:00", idle: true },
      ],
      {
        closedThrough: "08:03:00",
        kafkaAnswers: false,
      },
    ),
  );
  assert.match(text, /^topic clicks: final through 2026-11-23 08:03:00; an engine is running\n/);
  assert.match(text, /^ +0 +12,345 +– +– +2026-11-23 08:13:10 +2026-11-23 08:03:10 +– +–$/m);
  assert.match(text, /^ +1 +100 +– +– +– +2026-11-23 08:03:00 +2026-11-23 08:03:00 +idle$/m);
});
