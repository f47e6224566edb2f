import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { History } from "../../src/history/history.ts";
import { arrivalsQuery } from "../../src/queries/arrivals.ts";
import { DEFAULT_WINDOWS } from "../../src/queries/plan.ts";
import { STANDARD_QUERIES } from "../../src/queries/standard.ts";
import { DataQuality, type QualityRow } from "../../src/sinks/data-quality.ts";
import { expectedRange } from "../../src/sinks/expected-range.ts";
import { JsonFilesSink } from "../../src/sinks/json-files.ts";
import { writeManifest } from "../../src/sinks/manifest-file.ts";
import type { WindowRows } from "../../src/sinks/sink.ts";
import { manifestOf } from "../history/trees.ts";
import { filesUnder, temporaryFolder } from "./temporary-folder.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const NOON = Date.UTC(2026, 10, 23, 12);

function entry(query: string, windowStartMs: number, rows: object[]): WindowRows {
  const bytes = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return { query, windowStartMs, windowEndMs: windowStartMs + 5 * MINUTE_MS, rowCount: rows.length, bytes };
}

/** A window with so many events, some of them by a browser that nobody knows. */
function windowOf(startMs: number, events: number, unknown = 0): WindowRows[] {
  const times = { window_start: new Date(startMs).toISOString() };
  return [
    entry("window_totals", startMs, [{ ...times, events, users: 10, sessions: 12, session_seconds: 3.5 }]),
    entry("url_counts", startMs, [
      { ...times, url: "/", events },
      { ...times, url: "/a", events: 0 },
    ]),
    entry("device_counts", startMs, [{ ...times, device_type: "mobile", events }]),
    entry("browser_only", startMs, [
      { ...times, browser: "Firefox", events: events - unknown },
      { ...times, browser: "unknown", events: unknown },
    ]),
  ];
}

async function openOn(output: string): Promise<DataQuality> {
  const plan = STANDARD_QUERIES.find(({ name }) => name === "device_counts")!;
  const queries = [...STANDARD_QUERIES, { ...plan, name: "browser_only", by: ["browser"] as const }];
  const [rows, files] = [await JsonFilesSink.open(output), await JsonFilesSink.open(output)];
  return new DataQuality(rows, files, { output, queries, windows: DEFAULT_WINDOWS, factor: 6 });
}

async function rowsAt(output: string, startMs: number): Promise<Map<string, QualityRow>> {
  const iso = new Date(startMs).toISOString();
  const name = `${iso.slice(0, 19).replaceAll(/[-:]/g, "")}Z.json`;
  const text = await readFile(join(output, "data_quality", `date=${iso.slice(0, 10)}`, name), "utf8");
  const rows = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as QualityRow);
  return new Map(rows.map((row) => [`${row.expectation} ${row.key}`, row]));
}

/** The hour from noon on the two days before, with 1,000 events a window, give or take 20. */
async function writeHistory(sink: DataQuality): Promise<void> {
  for (const daysAgo of [2, 1]) {
    for (let n = 0; n < 12; n++) {
      await sink.write(windowOf(NOON - daysAgo * DAY_MS + n * 5 * MINUTE_MS, 980 + 20 * (n % 3), 10));
    }
  }
}

test("median ± factor × median deviation, at least a hundredth of the median, nothing below zero", () => {
  assert.deepEqual(expectedRange([1, 2, 3, 4, 1_000], { factor: 2 }), { low: 1, high: 5 });
  assert.deepEqual(expectedRange([100, 100, 100, 100], { factor: 6 }), { low: 94, high: 106 });
  assert.deepEqual(expectedRange([1, 3], { factor: 6 }), { low: 0, high: 8 });
  assert.deepEqual(expectedRange([0, 0, 0], { factor: 6 }), { low: 0, high: 0 });
});

test("a window is measured against the same hour of the days before; without them nothing is expected", async () => {
  await using folder = await temporaryFolder();
  const sink = await openOn(folder.path);
  await writeHistory(sink);
  const first = await rowsAt(folder.path, NOON - 2 * DAY_MS);
  assert.deepEqual(first.get("volume window_totals.events"), {
    window_start: "2026-11-21T12:00:00.000Z",
    window_end: "2026-11-21T12:05:00.000Z",
    expectation: "volume",
    key: "window_totals.events",
    value: 980,
    expected_low: null,
    expected_high: null,
    samples: 0,
    ok: null,
  });
  await sink.write(windowOf(NOON, 1_050, 300));
  await sink.write(windowOf(NOON + 5 * MINUTE_MS, 10, 0));
  const usual = await rowsAt(folder.path, NOON);
  const volume = usual.get("volume window_totals.events");
  assert.deepEqual(
    [volume?.expected_low, volume?.expected_high, volume?.samples, volume?.ok],
    [880, 1_120, 24, true],
  );
  assert.deepEqual(
    [...usual.keys()],
    [
      "cardinality url_counts",
      "unknown_share url_counts.url",
      "cardinality device_counts",
      "unknown_share device_counts.device_type",
      "volume window_totals.events",
      "cardinality window_totals.users",
      "cardinality window_totals.sessions",
      "cardinality browser_only",
      "unknown_share browser_only.browser",
    ],
  );
  const unknown = usual.get("unknown_share browser_only.browser");
  assert.deepEqual([unknown?.value, unknown?.ok], [0.285714, false]);
  const collapsed = await rowsAt(folder.path, NOON + 5 * MINUTE_MS);
  assert.equal(collapsed.get("volume window_totals.events")?.ok, false);
  assert.equal(collapsed.get("cardinality window_totals.users")?.ok, true);
});

test("written again after a crash it is the same, and what had been left out is there", async () => {
  await using folder = await temporaryFolder();
  await writeHistory(await openOn(folder.path));
  const [one, two] = [windowOf(NOON, 1_000), windowOf(NOON + 5 * MINUTE_MS, 1_000)];
  const rows = await JsonFilesSink.open(folder.path);
  await (await openOn(folder.path)).write(one);
  await rows.write(two); // died before the second window was measured
  const before = await rowsAt(folder.path, NOON);
  await (await openOn(folder.path)).write([...two, ...one]);
  assert.deepEqual(await rowsAt(folder.path, NOON), before);
  assert.equal(
    (await rowsAt(folder.path, NOON + 5 * MINUTE_MS)).get("volume window_totals.events")?.samples,
    24,
  );
});

const ARRIVALS = arrivalsQuery(DEFAULT_WINDOWS);

/** 1,000 records of a window by their fates, those that counted 2 s old on average. */
function arrivalsIn(startMs: number, others: Record<string, number>, meanAge = 2): WindowRows[] {
  const counted = 1_000 - Object.values(others).reduce((sum, some) => sum + some, 0);
  const fates = Object.entries({ counted, ...others }).filter(([, events]) => events > 0);
  const ages = (fate: string): number => (fate === "counted" ? counted * meanAge : 0);
  return [
    entry(
      "arrivals",
      startMs,
      fates.map(([fate, events]) => ({ fate, events, age_seconds: ages(fate) })),
    ),
  ];
}

async function openOnArrivals(output: string, dedupe: boolean): Promise<DataQuality> {
  const [rows, files] = [await JsonFilesSink.open(output), await JsonFilesSink.open(output)];
  const windows = { ...DEFAULT_WINDOWS, ...(dedupe ? { dedupe: true as const } : {}) };
  return new DataQuality(rows, files, { output, queries: [ARRIVALS], windows, factor: 6 });
}

test("what became of all records: shares of dead letters by reason, of late ones, of repeats, and their age", async () => {
  await using folder = await temporaryFolder();
  const sink = await openOnArrivals(folder.path, true);
  for (let n = 0; n < 12; n++) {
    const isRare = n % 4 === 0;
    const startMs = NOON - DAY_MS + n * 5 * MINUTE_MS;
    await sink.write(arrivalsIn(startMs, { late: 10, ...(isRare ? { not_json: 1 } : {}) }));
  }
  await sink.write(arrivalsIn(NOON, { late: 14, duplicate: 4, not_json: 6, bad_timestamp: 5 }, 6.5));
  await sink.write(arrivalsIn(NOON + 5 * MINUTE_MS, { late: 16, duplicate: 6, not_json: 4 }, 7.001));
  const told = async (startMs: number): Promise<unknown[]> =>
    [...(await rowsAt(folder.path, startMs)).values()].map(
      ({ expectation, key, value, expected_low, expected_high, samples, ok }) => {
        assert.deepEqual([expected_low, samples], [0, 12]);
        return [expectation, key, value, expected_high, ok];
      },
    );
  assert.deepEqual(await told(NOON), [
    ["dead_share", "all", 0.011, 0.005, false],
    ["dead_share", "not_json", 0.006, 0.005, false],
    ["dead_share", "bad_timestamp", 0.005, 0.005, true],
    ["late_share", "all", 0.014, 0.015, true],
    ["duplicate_share", "all", 0.004, 0.005, true],
    ["freshness", "all", 6.5, 7, true],
  ]);
  assert.deepEqual(await told(NOON + 5 * MINUTE_MS), [
    ["dead_share", "all", 0.004, 0.005, true],
    ["dead_share", "not_json", 0.004, 0.005, true],
    ["late_share", "all", 0.016, 0.015, false],
    ["duplicate_share", "all", 0.006, 0.005, false],
    ["freshness", "all", 7.001, 7, false],
  ]);
  await using other = await temporaryFolder();
  await (await openOnArrivals(other.path, false)).write(arrivalsIn(NOON, { late: 1_000 }));
  assert.deepEqual([...(await rowsAt(other.path, NOON)).keys()], ["dead_share all", "late_share all"]);
});

test("statements see every value, whatever the first window had", async () => {
  await using folder = await temporaryFolder();
  const sink = await openOn(folder.path);
  await writeHistory(sink);
  await sink.write(windowOf(NOON, 1_050, 300));
  await writeManifest(folder.path, manifestOf(NOON + DAY_MS, STANDARD_QUERIES));
  const clock = { nowMs: () => NOON + DAY_MS };
  await using history = await History.open({ output: folder.path, clock, memoryMb: 256, threads: 1 });
  await history.refresh(new Set(["data_quality"]));
  const sql = `SELECT key, value, expected_high, ok FROM data_quality
    WHERE window_start = '2026-11-23 12:00:00' AND expectation = 'unknown_share' AND ok = 'false'`;
  assert.deepEqual((await history.query(sql)).rows, [["browser_only.browser", 0.285714, 0.011176, "false"]]);
});

test("windows that overlap others are passed over, and a file that is there stays as it is", async () => {
  await using folder = await temporaryFolder();
  const sink = await openOn(folder.path);
  await sink.write(windowOf(NOON + MINUTE_MS, 5));
  assert.deepEqual(
    (await filesUnder(folder.path)).filter((path) => path.startsWith("data_quality")),
    [],
  );
  await sink.write(windowOf(NOON, 5));
  const path = join(folder.path, "data_quality", "date=2026-11-23", "20261123T120000Z.json");
  const text = (await readFile(path, "utf8")).replace('"value":5', '"value":6');
  await writeFile(path, text);
  await sink.write(windowOf(NOON, 5));
  assert.equal(await readFile(path, "utf8"), text);
});
