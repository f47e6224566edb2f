import assert from "node:assert/strict";
import { test } from "node:test";
import type { PostgresSnapshot } from "../../../src/app/progress/snapshot.ts";
import { OpenWindowsView } from "../../../src/app/web/open-windows-view.ts";
import { pipelineView } from "../../../src/app/web/pipeline-view.ts";
import type { Manifest } from "../../../src/sinks/manifest.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { pipelineSchema } from "../../../src/web/api.ts";
import { FAMILIES } from "../../../src/web/metric-families.ts";
import { MINUTE_MS, manifestOf, NOV_23 } from "../../history/trees.ts";
import { MIDDLE } from "../progress/snapshots.ts";

const partition = (number: number, greatestMs: number | null, dead: Record<string, number> = {}) => ({
  partition: number,
  startOffset: 0,
  position: 100,
  greatestMs,
  floors: [],
  lost: [],
  read: 100,
  counted: 90,
  late: 10,
  dead,
});
const manifest: Manifest = {
  ...manifestOf(NOV_23),
  partitions: [partition(0, NOV_23 + 30 * MINUTE_MS), partition(1, NOV_23 + 12 * MINUTE_MS)],
};
const facts = { nowMs: NOV_23, engineRuns: true, producer: MIDDLE.producer ?? undefined };
const inspection = {
  ends: new Map([
    [0, 100],
    [1, 140],
  ]),
  lastStable: new Map([
    [0, 100],
    [1, 140],
  ]),
  lastCommitMs: NOV_23 - 1,
  readBytes: 5,
  state: { bytes: 1, openPanes: 2, outboxEntries: 3 },
  busyShares: [0.5],
};

test("an engine at work is told with all its parts", () => {
  const engine = {
    snapshot: MIDDLE.engine!,
    inspection: { ...inspection, manifest },
    ended: false,
    maxStateBytes: 9,
  };
  const view = pipelineSchema.parse(pipelineView({ ...facts, manifest, engine }));
  assert.deepEqual([view.status, view.provisional, view.read, view.late], ["running", "yes", 200, 20]);
  assert.deepEqual(
    view.partitions.map(({ end, lag }) => [end, lag]),
    [
      [100, 0],
      [140, 40],
    ],
  );
  assert.equal(
    view.watermarkMs,
    NOV_23 + 2 * MINUTE_MS,
    "the least, ten minutes behind its greatest event time",
  );
  assert.equal(view.greatestMs, NOV_23 + 30 * MINUTE_MS);
  const ended = pipelineView({ ...facts, manifest, engine: { ...engine, ended: true } });
  assert.equal(ended.status, "ended");
});

test("what the latest window says of the data is told, what is not as expected first; nothing where nobody looks", () => {
  const times = { window_start: "2026-11-23T08:05:00.000Z", window_end: "2026-11-23T08:10:00.000Z" };
  const usual = { expected_low: 1, expected_high: 9, samples: 24, value: 5, ok: true };
  const quality = [
    { ...times, ...usual, expectation: "volume" as const, key: "window_totals.events" },
    { ...times, ...usual, expectation: "cardinality" as const, key: "url_counts", value: 10, ok: false },
  ];
  const viewOf = (rows: typeof quality | undefined) => {
    const inspected = { ...inspection, manifest, quality: rows };
    const engine = { snapshot: MIDDLE.engine!, inspection: inspected, ended: false, maxStateBytes: 9 };
    return pipelineSchema.parse(pipelineView({ ...facts, manifest, engine }));
  };
  const view = viewOf(quality);
  assert.equal(view.quality?.startMs, Date.UTC(2026, 10, 23, 8, 5));
  assert.deepEqual(view.quality?.rows[0], {
    expectation: "cardinality",
    key: "url_counts",
    value: 10,
    low: 1,
    high: 9,
    ok: false,
  });
  const family = FAMILIES.find(({ name }) => name === "data_quality_unexpected")!;
  assert.deepEqual(
    family.samples(view).map(({ value, labels }) => [labels?.expectation, value]),
    [
      ["volume", 0],
      ["cardinality", 1],
      ["unknown_share", 0],
      ["dead_share", 0],
      ["late_share", 0],
      ["duplicate_share", 0],
      ["freshness", 0],
    ],
  );
  assert.deepEqual([viewOf(undefined).quality, viewOf([]).quality], [null, null]);
  assert.deepEqual(family.samples(viewOf(undefined)), []);
});

test("alerts are counted by state, also those that are not shown, and what sinks were not told of", () => {
  const watched = { rule: "busy", severity: "warning", time: "event", condition: "", note: null } as const;
  const alert = { ...watched, key: {}, value: 1, phase: "pending", sinceMs: NOV_23, firedMs: null } as const;
  const alerts = {
    ...{ rules: 3, firing: 2, pending: 55, recent: [], undelivered: { webhook: 4 } },
    active: Array.from({ length: 57 }, () => alert),
  };
  const families = FAMILIES.filter(({ name }) => name.startsWith("alert"));
  const told = (view: unknown): unknown =>
    families.flatMap(({ samples }) =>
      samples(pipelineSchema.parse(view)).map(({ value, labels }) => [labels, value]),
    );
  assert.deepEqual(told(pipelineView({ ...facts, engine: undefined, manifest, alerts })), [
    [{ state: "firing" }, 2],
    [{ state: "pending" }, 55],
    [{ sink: "webhook" }, 4],
  ]);
  assert.deepEqual(told(pipelineView({ ...facts, engine: undefined, manifest })), []);
});

test("metrics tell how PostgreSQL follows, where there is one", () => {
  const families = FAMILIES.filter(({ name }) => name.startsWith("postgres_"));
  const values = (postgres: PostgresSnapshot | undefined): unknown => {
    const snapshot = { ...MIDDLE.engine!, postgres };
    const engine = { snapshot, inspection: { ...inspection, manifest }, ended: false, maxStateBytes: 9 };
    const view = pipelineSchema.parse(pipelineView({ ...facts, manifest, engine }));
    return families.map(({ name, samples }) => [name, ...samples(view).map(({ value }) => value)]);
  };
  const away = { windows: 2, rows: 30, waiting: 4, trouble: "POSTGRES_UNREACHABLE" };
  assert.deepEqual(values(away), [
    ["postgres_up", 0],
    ["postgres_windows_waiting", 4],
    ["postgres_rows_written_total", 30],
  ]);
  assert.deepEqual(values({ ...away, waiting: 0, trouble: null }), [
    ["postgres_up", 1],
    ["postgres_windows_waiting", 0],
    ["postgres_rows_written_total", 30],
  ]);
  assert.deepEqual(
    values(undefined),
    families.map(({ name }) => [name, null]),
  );
});

test("without an engine, what is known is the manifest's, and the rest is null", () => {
  const view = pipelineSchema.parse(
    pipelineView({ nowMs: NOV_23, manifest, engineRuns: false, engine: undefined, producer: undefined }),
  );
  assert.deepEqual([view.status, view.provisional, view.lag, view.commits], ["stopped", "serve", null, null]);
  assert.equal(pipelineView({ ...facts, manifest, engine: undefined }).status, "elsewhere");
  const empty = pipelineView({ ...facts, manifest: undefined, engine: undefined });
  assert.deepEqual(pipelineSchema.parse(empty).partitions, []);
});

test("reasons are bounded: fields of the user's own make reasons of their own", () => {
  const dead = Object.fromEntries(Array.from({ length: 80 }, (_, at) => [`missing_field:f${at}`, at + 1]));
  const many = { ...manifest, partitions: [partition(0, null, dead)] };
  const view = pipelineView({ ...facts, manifest: many, engine: undefined });
  assert.equal(Object.keys(view.dead).length, 50);
  assert.equal(
    Object.values(view.dead).reduce((sum, events) => sum + events, 0),
    (80 * 81) / 2,
  );
  assert.equal(view.dead["missing_field:f79"], 80);
});

test("under Spark, counts are those of the whole topic", () => {
  const spark: Manifest = { ...manifest, engine: "spark", totals: { read: 50, dead: 4, droppedRows: 2 } };
  const view = pipelineSchema.parse(pipelineView({ ...facts, manifest: spark, engine: undefined }));
  assert.deepEqual(
    [view.provisional, view.read, view.counted, view.dead, view.next],
    ["spark", 50, 46, { "all reasons": 4 }, null],
  );
});

test("one open window is looked at in a call, and looking takes little of the time", () => {
  const clock = new ManualClock(NOV_23);
  const looked: number[] = [];
  const view = new OpenWindowsView(
    {
      openEnds: () => [1, 2, 3].map((minute) => ({ group: 0, endMs: NOV_23 + minute * MINUTE_MS })),
      lookAt: ({ endMs }) => {
        looked.push((endMs - NOV_23) / MINUTE_MS);
        clock.moveTo(clock.nowMs() + 10); // what a look takes
        return new Map([["pages", { keys: 1, rows: [{ window_start: "2026-11-23T00:00:00.000Z" }] }]]);
      },
    },
    clock,
  );
  assert.equal(view.windows().length, 1);
  view.windows();
  clock.moveTo(clock.nowMs() + 400);
  view.windows();
  assert.deepEqual(looked, [3], "10 ms of 500 are the limit");
  for (let round = 0; round < 4; round++) {
    clock.moveTo(clock.nowMs() + 500);
    view.windows();
  }
  assert.deepEqual(looked, [3, 2, 1, 3, 2], "the one that was not looked at for longest");
  assert.deepEqual(
    view.windows().map(({ endMs }) => (endMs - NOV_23) / MINUTE_MS),
    [1, 2, 3],
  );
});
