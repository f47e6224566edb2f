import assert from "node:assert/strict";
import { test } from "node:test";
import type { NextWindow, Partition, Pipeline, QueryInfo } from "../../src/web/api.ts";
import { peaksOf } from "../../src/web/page/model/peaks.js";
import { nextWindowWords } from "../../src/web/page/model/pipeline-words.js";
import { countOf, queryBy } from "../../src/web/page/model/query-shapes.js";
import { Rates } from "../../src/web/page/model/rates.js";
import { replayCommands } from "../../src/web/page/model/replay-command.js";
import { OTHERS, shareIn, sharesOf } from "../../src/web/page/model/shares.js";
import { stepOf } from "../../src/web/page/model/stretch.js";

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 23, 8);

type Column = QueryInfo["columns"][number];
const key = (name: string): Column => ({ name, role: "key", type: "text", combine: null });
const measure = (name: string, combine: "sum" | "max" = "sum"): Column => ({
  name,
  role: "measure",
  type: "count",
  combine,
});
const query = (name: string, ...columns: Column[]): QueryInfo => ({
  name,
  sizeMs: 5 * MINUTE,
  slideMs: MINUTE,
  columns,
  firstStartMs: START,
  lastStartMs: START,
});

test("a panel finds its query by keys and a count, under whatever name", () => {
  const own = query("mine", key("url"), measure("users", "max"), measure("hits"));
  const queries = {
    engine: "embedded" as const,
    topic: "t",
    closedThroughMs: START,
    queries: [
      query("pairs", key("url"), key("browser"), measure("events")),
      query("distinct", key("url"), measure("users", "max")),
      own,
    ],
  };
  assert.equal(queryBy(queries, ["url"]), own);
  assert.equal(countOf(own), "hits");
  assert.equal(queryBy(queries, ["browser", "url"])?.name, "pairs");
  assert.equal(queryBy(queries, []), undefined);
  assert.equal(queryBy(null, []), undefined);
});

test("peaks are the greatest windows that do not overlap", () => {
  const values = [5, 9, 8, 7, 6, 7, 10, 0];
  const windows = values.map((value, index) => ({ startMs: START + index * MINUTE, value }));
  const peaks = peaksOf(windows, 3 * MINUTE, 5).map(({ startMs }) => (startMs - START) / MINUTE);
  assert.deepEqual(peaks, [6, 1]);
  assert.deepEqual(peaksOf(windows, 5 * MINUTE, 1).length, 1);
});

test("shares are by window, and what is too small for a colour of its own is one part", () => {
  const row = (browser: string, events: number) => ({ browser, events });
  const letters = "abcdefghij";
  const windows = [
    { startMs: START, open: false, rows: [...letters].map((name, index) => row(name, 100 - index)) },
    { startMs: START + MINUTE, open: false, rows: [row("a", 3), row("a", 1), row("b", 4)] },
    { startMs: START + 2 * MINUTE, open: false, rows: [] },
  ];
  const shares = sharesOf(windows, "browser", "events");
  assert.deepEqual(shares.parts, ["a", "b", "c", "d", "e", OTHERS]);
  assert.equal(shares.values[5]?.[0], 95 + 94 + 93 + 92 + 91);
  assert.deepEqual(shareIn(shares, 1), [0.5, 0.5, 0, 0, 0, 0]);
  assert.deepEqual(shareIn(shares, 2), [null, null, null, null, null, null]);
});

test("long stretches take fewer windows, at multiples of the slide", () => {
  const one = query("one");
  assert.equal(stepOf({ fromMs: 0, toMs: 60 * MINUTE }, one), null);
  assert.equal(stepOf({ fromMs: 0, toMs: 6 * 60 * MINUTE }, one), 2 * MINUTE);
  const odd = { ...one, slideMs: 7 * MINUTE };
  const step = stepOf({ fromMs: 0, toMs: 720 * 60 * MINUTE }, odd) ?? 0;
  assert.equal(step % odd.slideMs, 0);
  assert.ok((720 * 60 * MINUTE) / step <= 180);
});

const partition: Partition = {
  partition: 2,
  position: 10,
  end: 1_510,
  lag: 1_500,
  greatestMs: START,
  watermarkMs: START - 10 * MINUTE,
  floorMs: null,
  idle: false,
  read: 10,
  counted: 10,
  late: 0,
  dead: 0,
};
const pipelineOf = (change: Partial<Pipeline>): Pipeline => ({
  ...({ window: { sizeMs: 5 * MINUTE, slideMs: MINUTE, delayMs: 10 * MINUTE } } as Pipeline),
  status: "running",
  closedThroughMs: START - 11 * MINUTE,
  partitions: [partition],
  producer: null,
  perSecond: 100,
  lag: 1_500,
  watermarkMs: START - 10 * MINUTE,
  partitionCount: 1,
  ...change,
});

test("what holds the next window open is said in words, for every reason", () => {
  const next: NextWindow = {
    startMs: START - 15 * MINUTE,
    endMs: START - 10 * MINUTE,
    queries: [],
    heldBy: 2,
    alsoHeldBy: [5, 3],
    reason: "behind",
    neededEventMs: START,
  };
  const behind = nextWindowWords(pipelineOf({ next }));
  assert.equal(behind.title, "2026-11-23 07:45–07:50 closes next; partition 2 holds it open");
  assert.deepEqual(behind.sentences, [
    "Its watermark is 2026-11-23 07:50: 10 min before its greatest event time.",
    "1,500 of its records are still to be read, and the engine is at it.",
    "The watermark of partitions 3, 5 has not passed the end of the window either.",
  ]);
  const reasons: NextWindow["reason"][] = [
    "stopped",
    "open_transaction",
    "no_event_yet",
    "waits_for_events",
    "idle",
    "all_idle",
    "end_unknown",
  ];
  const said = reasons.map((reason) => nextWindowWords(pipelineOf({ next: { ...next, reason } })));
  assert.ok(said.every(({ sentences }) => sentences.every((sentence) => sentence.length > 20)));
  assert.deepEqual(
    said.map(({ command }) => command !== null),
    reasons.map((reason) => reason === "stopped"),
  );
  assert.match(
    nextWindowWords(pipelineOf({ next: { ...next, queries: ["mine"] } })).title,
    /07:50 of mine closes/,
  );
  assert.equal(nextWindowWords(pipelineOf({ next: null })).title, "Nothing holds the next window open.");
});

test("events in come from the generator or, without one, from how the topic grows", () => {
  const rates = new Rates();
  const producer = { perSecond: 1_003 } as Pipeline["producer"];
  rates.add(pipelineOf({ producer }), START);
  assert.equal(rates.latest?.in, 1_003);
  for (let second = 1; second <= 8; second++) {
    rates.add(pipelineOf({ partitions: [{ ...partition, end: second * 500 }] }), START + second * 1_000);
  }
  assert.equal(rates.latest?.in, 500);
  assert.equal(rates.latest?.delayMs, 10 * MINUTE + 8_000);
  rates.add(pipelineOf({ partitions: [{ ...partition, end: null }] }), START + 9_000);
  assert.equal(rates.latest?.in, null);
  const before = rates.samples.length;
  rates.add(pipelineOf({}), START + 9_400);
  assert.equal(rates.samples.length, before, "one sample a second");
});

test("commands for dead letters are right for a shell, whatever the reason is called", () => {
  assert.equal(
    replayCommands("unknown_device_type", "clickstream").replay,
    "npx clickstream dlq replay --reason unknown_device_type --fix device_type=VALUE --dry-run",
  );
  assert.equal(
    replayCommands("not_json", "it's; rm -rf").show,
    "npx clickstream dlq show --reason not_json --limit 5 --topic 'it'\\''s; rm -rf'",
  );
});
