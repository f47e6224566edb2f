// What is said of the data, compared with what the topic's events alone say of it.
import assert from "node:assert/strict";
import { cp, glob, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Verification, verifyOutput } from "../../../src/app/verification/verify-output.ts";
import { compactTree } from "../../../src/archive/compact-tree.ts";
import { seededRandom } from "../../../src/core/random.ts";
import { DEFAULT_EVENT_RULES } from "../../../src/events/event.ts";
import type { LogRecord } from "../../../src/oracle/oracle.ts";
import { arrivalsQuery } from "../../../src/queries/arrivals.ts";
import type { WindowSettings } from "../../../src/queries/plan.ts";
import { query } from "../../../src/queries/query.ts";
import { STANDARD_QUERIES } from "../../../src/queries/standard.ts";
import { DataQuality, type QualityRow } from "../../../src/sinks/data-quality.ts";
import { JsonFilesSink } from "../../../src/sinks/json-files.ts";
import { expectedOutput, finishedManifest } from "../../simulation/expected-output.ts";
import { temporaryFolder } from "../../sinks/temporary-folder.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const WINDOWS: WindowSettings = {
  ...{ sizeMs: 5 * MINUTE_MS, slideMs: 5 * MINUTE_MS, delayMs: 10 * MINUTE_MS, maxAheadMs: MINUTE_MS },
  dedupe: true,
};
const FACTOR = 4;
const DAYS = 3;
const FIRST_MS = Date.UTC(2026, 10, 20, 8);
/** Of these windows something is unexpected. */
const ODD_MS = FIRST_MS + (DAYS - 1) * DAY_MS + 30 * MINUTE_MS;

/** The same hour of three days, with broken, late, repeated and nameless events; in the last half hour all is odd. */
function records(): LogRecord[] {
  const random = seededRandom(7);
  const found: LogRecord[] = [];
  const add = (timeMs: number, details: object): void => {
    const n = found.length;
    const ids = { event_id: `e${n}`, user_id: `u${random.below(9)}`, session_id: `s${random.below(30)}` };
    const what = { url: `/${random.below(7)}`, action: "view", device_type: "mobile", browser: "Firefox" };
    const event = { ...ids, ...what, timestamp: timeMs, ...details };
    const timestampMs = timeMs + random.below(20_000);
    found.push({ partition: 0, offset: n, timestampMs, value: Buffer.from(JSON.stringify(event)) });
  };
  for (let day = 0; day < DAYS; day++) {
    for (let minute = 0; minute < 60; minute++) {
      const startMs = FIRST_MS + day * DAY_MS + minute * MINUTE_MS;
      const isOdd = startMs >= ODD_MS;
      for (let n = random.below(3) + (isOdd ? 25 : 5); n > 0; n--) {
        add(startMs + random.below(MINUTE_MS), random.unit() < 0.1 ? { browser: "unknown" } : {});
        if (random.unit() < (isOdd ? 0.3 : 0.02)) add(startMs, { action: "buy" });
        if (random.unit() < (isOdd ? 0.3 : 0.02)) add(startMs, { event_id: `e${found.length - 1}` });
        if (random.unit() < (isOdd ? 0.3 : 0.02)) add(startMs - 40 * MINUTE_MS, {});
      }
    }
  }
  return found;
}

const RECORDS = records();
const BROWSERS = query("browsers", { by: ["browser"], measures: STANDARD_QUERIES[1]!.measures });
const QUERIES = [...STANDARD_QUERIES, BROWSERS, arrivalsQuery(WINDOWS)];
const LOG = {
  ...{ windows: WINDOWS, rules: DEFAULT_EVENT_RULES, partitionCount: 1, endOffsets: [RECORDS.length] },
  records: RECORDS.map((record) => ({ ...record, arrivesMs: record.timestampMs })),
};
const MANIFEST = finishedManifest(LOG, QUERIES);
const EXPECTED = expectedOutput(LOG, MANIFEST).files;

/** As the real sink writes it. */
const tree = await temporaryFolder();
after(() => tree[Symbol.asyncDispose]());
await writeTree(tree.path);

async function writeTree(output: string): Promise<void> {
  const [rowSink, files] = [await JsonFilesSink.open(output), await JsonFilesSink.open(output)];
  const sink = new DataQuality(rowSink, files, {
    output,
    queries: QUERIES,
    windows: WINDOWS,
    factor: FACTOR,
  });
  const entries = [...EXPECTED].map(([name, rows]) => {
    const [queryName = "", startMs] = name.split("/");
    const windowStartMs = Number(startMs);
    const windowEndMs = windowStartMs + WINDOWS.sizeMs;
    const rowCount = rows.split("\n").length - 1;
    return { query: queryName, windowStartMs, windowEndMs, rowCount, bytes: Buffer.from(rows) };
  });
  await sink.write(entries);
}

/** What a comparison with the topic says of the tree when it has been changed. */
async function verified(
  change: (output: string) => Promise<unknown> = async () => {},
  qualityFactor = FACTOR,
): Promise<Verification> {
  await using folder = await temporaryFolder();
  await cp(tree.path, folder.path, { recursive: true });
  await change(folder.path);
  const subject = { output: folder.path, manifest: MANIFEST, qualityFactor };
  return await verifyOutput(subject, async function* () {
    yield RECORDS;
  });
}

async function qualityFiles(output: string): Promise<{ path: string; rows: QualityRow[] }[]> {
  const paths: string[] = [];
  for await (const path of glob("data_quality/date=*/*.json", { cwd: output })) paths.push(path);
  return await Promise.all(
    paths.sort().map(async (name) => {
      const path = join(output, name);
      const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
      return { path, rows: lines.map((line) => JSON.parse(line) as QualityRow) };
    }),
  );
}

const CHANGED: readonly string[] = ["volume", "unknown_share", "dead_share", "freshness"];

/** Of each of these expectations, changes the first row that has a range. */
async function changeRows(output: string, change: (row: QualityRow) => Partial<QualityRow>): Promise<void> {
  const left = new Set(CHANGED);
  for (const { path, rows } of await qualityFiles(output)) {
    const texts = rows.map((row) => {
      const isChanged = row.ok !== null && left.delete(row.expectation);
      return `${JSON.stringify(isChanged ? { ...row, ...change(row) } : row)}\n`;
    });
    await writeFile(path, texts.join(""));
  }
  assert.equal(left.size, 0);
}

test("what the sink says of the data is what the events say, ranges included", async () => {
  const unexpected = new Set<string>();
  let said = 0;
  const result = await verified(async (output) => {
    for (const { rows } of await qualityFiles(output)) {
      said += rows.length;
      for (const { ok, expectation } of rows) if (ok === false) unexpected.add(expectation);
    }
  });
  assert.deepEqual([result.differences, result.differing, result.accountingDifferences], [[], 0, []]);
  const ofQueries = [...EXPECTED.values()].reduce((sum, rows) => sum + rows.split("\n").length - 1, 0);
  assert.equal(result.rows, ofQueries + said);
  for (const expectation of ["volume", "dead_share", "late_share", "duplicate_share"])
    assert(unexpected.has(expectation), `${expectation} is as expected in all windows`);
});

for (const [what, change] of [
  ["value", ({ value }: QualityRow) => ({ value: value + 0.000001 })],
  ["expected_low", ({ expected_low }: QualityRow) => ({ expected_low: (expected_low ?? 0) + 0.000001 })],
  ["expected_high", ({ expected_high }: QualityRow) => ({ expected_high: (expected_high ?? 0) - 0.000001 })],
  ["samples", ({ samples }: QualityRow) => ({ samples: samples - 1 })],
  ["ok", ({ ok }: QualityRow) => ({ ok: !ok })],
] as const) {
  test(`another ${what} is told beside the right one`, async () => {
    const { differing, differences } = await verified((output) => changeRows(output, change));
    assert.equal(differing, CHANGED.length);
    for (const { query: name, expected = "", found = "" } of differences) {
      assert.equal(name, "data_quality");
      const right = JSON.parse(expected) as QualityRow;
      assert.deepEqual({ ...right, ...change(right) }, JSON.parse(found));
    }
  });
}

test("a window of which nothing is said is told, and one of which too much is", async () => {
  let rows = 0;
  const missing = await verified(async (output) => {
    const last = (await qualityFiles(output)).at(-1)!;
    rows = last.rows.length;
    await rm(last.path);
  });
  assert.deepEqual([missing.differing, missing.rows - missing.agreeing], [rows, rows]);
  const more = await verified(async (output) => {
    const { path } = (await qualityFiles(output))[0]!;
    await writeFile(path.replace("T080000Z", "T030000Z"), '{"expectation":"volume","key":"none"}\n');
  });
  assert.deepEqual([more.differing, more.rows - more.agreeing], [1, 0]);
});

test("ranges are those of the factor that is asked for", async () => {
  const { differing, differences } = await verified(undefined, FACTOR + 1);
  assert(differing > 50);
  assert(differences.every((difference) => difference.query === "data_quality"));
});

test("archived and dropped days are compared and passed over", async () => {
  const compact = (keepMs: number | null) => async (output: string) => {
    const confirmedThroughMs = FIRST_MS + 40 * DAY_MS;
    await compactTree({
      ...{ output, manifest: MANIFEST, confirmedThroughMs, compact: "json", keepMs, memoryMb: 128 },
    });
  };
  const archived = await verified(compact(null));
  assert.deepEqual([archived.differing, archived.differences, archived.droppedWindows], [0, [], 0]);
  const dropped = await verified(compact(DAY_MS));
  assert.deepEqual([dropped.differing, dropped.differences], [0, []]);
  assert(dropped.droppedWindows > 0 && dropped.keptFrom.data_quality !== undefined);
});
