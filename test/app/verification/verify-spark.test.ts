import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { verifySparkOutput } from "../../../src/app/verification/verify-spark.ts";
import { DEFAULT_EVENT_RULES } from "../../../src/events/event.ts";
import type { LogRecord } from "../../../src/oracle/oracle.ts";
import { DEFAULT_WINDOWS } from "../../../src/queries/plan.ts";
import { count, query } from "../../../src/queries/query.ts";
import type { Manifest } from "../../../src/sinks/manifest.ts";
import { eventWith } from "../../events/verdict-cases.ts";
import { temporaryFolder } from "../../sinks/temporary-folder.ts";

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 10, 23, 23, 58);
const URLS = query("urls", { by: ["url"], measures: { events: count() } });
const iso = (minute: number): string => new Date(START_MS + minute * MINUTE_MS).toISOString();
const row = (minute: number, url: string, events: number, minutes = 2): string =>
  JSON.stringify({ window_start: iso(minute), window_end: iso(minute + minutes), url, events });

/** A tree of the query's, whose files are committed in this order: each a day's folder, its name and its rows. */
async function treeOf(output: string, files: readonly (readonly [file: string, rows: readonly string[]])[]) {
  const log = join(output, "urls", "_spark_metadata");
  await mkdir(log, { recursive: true });
  for (const [batch, [file, rows]] of files.entries()) {
    const path = join(output, "urls", file);
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, rows.map((line) => `${line}\n`).join(""));
    const entry = JSON.stringify({ path: `file:///elsewhere/urls/${file}`, action: "add" });
    await writeFile(join(log, String(batch)), `v1\n${entry}`);
  }
}

test("a damaged row is told with its file", async () => {
  for (const damaged of ["{", `${row(0, "/a", 1).slice(0, -1)},`]) {
    await using folder = await temporaryFolder();
    await treeOf(folder.path, [["date=2026-11-23/a.json", [row(-1, "/a", 1), damaged]]]);
    await assert.rejects(verified(folder.path, EVENTS), { code: "ROWS_UNREADABLE", message: /a\.json/ });
  }
});

const MANIFEST: Manifest = {
  ...{ format: 1, engine: "spark", topic: { name: "clicks", id: "a" }, queries: [URLS] },
  windows: { ...DEFAULT_WINDOWS, sizeMs: 2 * MINUTE_MS, slideMs: MINUTE_MS },
  ...{ rules: DEFAULT_EVENT_RULES, closedThroughMs: null, partitions: [] },
};

async function verified(output: string, events: readonly (readonly [minute: number, url: string])[]) {
  const records = events.map(([minute, url], offset): LogRecord => {
    const timestampMs = START_MS + minute * MINUTE_MS;
    const value = Buffer.from(eventWith({ timestamp: timestampMs, url }));
    return { partition: 0, offset, timestampMs, value };
  });
  const to = records.length;
  const batches = [
    { batch: 0, watermarkMs: START_MS + 2 * MINUTE_MS, ends: { 0: to - 1 } },
    { batch: 1, watermarkMs: START_MS + 4 * MINUTE_MS, ends: { 0: to } },
  ];
  const queries = [{ plan: URLS, timeline: { starts: { 0: 0 }, batches }, lastBatch: 1 }];
  const subject = { queries, ranges: [{ partition: 0, from: 0, to }] };
  return verifySparkOutput(output, MANIFEST, subject, async function* () {
    yield records;
  });
}

const EVENTS = [
  [0, "/a"],
  [2, "/b"],
  [3, "/a"],
  [1, "/late"],
] as const;
const RIGHT = [
  ["date=2026-11-23/a.json", [row(-1, "/a", 1), row(0, "/a", 1)]],
  ["date=2026-11-24/b.json", [row(1, "/b", 1), row(2, "/a", 1), row(2, "/b", 1)]],
] as const;

test("a right tree agrees; the event that came behind the watermark is told", async () => {
  await using folder = await temporaryFolder();
  await treeOf(folder.path, RIGHT);
  const { rows, agreeing, differing, windows, dropped } = await verified(folder.path, EVENTS);
  assert.deepEqual(
    { rows, agreeing, differing, windows },
    { rows: 5, agreeing: 5, differing: 0, windows: 4 },
  );
  assert.deepEqual([...dropped], [["urls", 1]]);
});

test("rows changed, missing, added, and windows that should not be there are found, wherever they stand", async () => {
  for (const [files, expected] of [
    [
      [RIGHT[0], ["date=2026-11-24/b.json", [row(1, "/b", 2), row(2, "/a", 1), row(2, "/b", 1)]]],
      [{ window: iso(1), expected: row(1, "/b", 1), found: row(1, "/b", 2) }],
    ],
    [
      [RIGHT[1]],
      [
        { window: iso(-1), expected: row(-1, "/a", 1) },
        { window: iso(0), expected: row(0, "/a", 1) },
      ],
    ],
    [[...RIGHT, ["date=2026-11-24/c.json", [row(2, "/c", 1)]]], [{ window: iso(2), found: row(2, "/c", 1) }]],
    [
      [
        ["date=2026-11-23/0.json", [row(-5, "/c", 1)]],
        ...RIGHT,
        ["date=2026-11-24/c.json", [row(9, "/c", 1)]],
      ],
      [
        { window: iso(-5), found: row(-5, "/c", 1) },
        { window: iso(9), found: row(9, "/c", 1) },
      ],
    ],
  ] as const) {
    await using folder = await temporaryFolder();
    await treeOf(folder.path, files);
    const { differences, differing } = await verified(folder.path, EVENTS);
    assert.deepEqual(
      differences,
      expected.map((difference) => ({ query: "urls", ...difference })),
    );
    assert.equal(differing, expected.length);
  }
});
