import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { testRule } from "../../src/app/alerting/test-rule.ts";
import { ARCHIVE_STEPS } from "../../src/archive/archive-steps.ts";
import { type CompactReport, type CompactTree, compactTree } from "../../src/archive/compact-tree.ts";
import { finishTree } from "../../src/archive/finish-archiving.ts";
import { systemClock } from "../../src/core/clock.ts";
import { shapeOf } from "../../src/history/columns.ts";
import { openDatabase } from "../../src/history/database.ts";
import { History } from "../../src/history/history.ts";
import { windowsInJson, windowsInParquet } from "../../src/history/window-texts.ts";
import { arrivalsQuery } from "../../src/queries/arrivals.ts";
import { DEFAULT_WINDOWS } from "../../src/queries/plan.ts";
import { readArchiveIndex } from "../../src/sinks/archive-index.ts";
import { type ArchiveFormat, archivedFile } from "../../src/sinks/archive-path.ts";
import { JsonFilesSink } from "../../src/sinks/json-files.ts";
import type { WindowRows } from "../../src/sinks/sink.ts";
import {
  DAY_MS,
  manifestOf,
  NOV_23,
  PAGES,
  type PageRow,
  pagesWindow,
  rowsOf,
  steadyWindows,
  TOTALS,
  totalsWindow,
  windowOf,
  writeWindows,
} from "../history/trees.ts";
import { filesUnder, temporaryFolder } from "../sinks/temporary-folder.ts";

const FORMATS: readonly ArchiveFormat[] = ["json", "parquet"];
const THROUGH_MS = NOV_23 + 2 * DAY_MS + 3_600_000;

function compact(output: string, changed: Partial<CompactTree> = {}): Promise<CompactReport> {
  const manifest = manifestOf(THROUGH_MS);
  return compactTree({
    output,
    manifest,
    confirmedThroughMs: THROUGH_MS,
    compact: "parquet",
    keepMs: null,
    memoryMb: 256,
    ...changed,
  });
}

async function rowsIn(output: string, view: string): Promise<unknown[]> {
  await using history = await History.open({ output, clock: systemClock, memoryMb: 256, threads: 1 });
  await history.refresh();
  const { columns, rows } = await history.query(`SELECT * FROM ${view} ORDER BY ALL`);
  return rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at]])));
}

/** What matters of a tree: no cache, no lock. */
async function treeFiles(output: string): Promise<string[]> {
  return (await filesUnder(output)).filter((file) => !/_cache|_archive\.lock/.test(file));
}

for (const format of FORMATS) {
  test(`${format}: final days move into the archive, the others stay, and every row is there once`, async () => {
    await using folder = await temporaryFolder();
    const windows = steadyWindows(NOV_23, NOV_23 + 3 * DAY_MS);
    await writeWindows(folder.path, windows, THROUGH_MS);
    const report = await compact(folder.path, { compact: format });
    assert.deepEqual(
      { ...report, archivedBytes: 0 },
      { archivedDays: 4, archivedWindows: 96, archivedRows: 144, archivedBytes: 0, droppedDays: 0 },
    );
    const files = await treeFiles(folder.path);
    const expected = ["pages", "totals"].flatMap((query) =>
      ["2026-11-23", "2026-11-24"].flatMap((day) => [
        `archive/${query}/date=${day}/${day.replaceAll("-", "")}.${format}`,
        `archive/${query}/date=${day}/_windows.json`,
      ]),
    );
    assert.deepEqual(
      files.filter((file) => !file.includes("date=2026-11-25")),
      ["archive/archive.json", ...expected, "manifest.json"],
    );
    for (const view of ["pages", "totals"])
      assert.deepEqual(await rowsIn(folder.path, view), rowsOf(windows, view));
    assert.deepEqual(await compact(folder.path, { compact: format }), {
      archivedDays: 0,
      archivedWindows: 0,
      archivedRows: 0,
      archivedBytes: 0,
      droppedDays: 0,
    });
  });

  test(`${format}: a crash at any step loses and repeats no row, and the next call finishes`, async () => {
    const windows = steadyWindows(NOV_23, NOV_23 + 2 * DAY_MS, 8 * 3_600_000);
    await using whole = await temporaryFolder();
    await writeWindows(whole.path, windows, THROUGH_MS);
    await compact(whole.path, { compact: format });
    for (const step of ARCHIVE_STEPS) {
      await using folder = await temporaryFolder();
      await writeWindows(folder.path, windows, THROUGH_MS);
      let times = 0;
      const crash = (at: string): void => {
        if (at === step && times++ === 1) throw new Error("crash"); // behind one day that went well
      };
      await assert.rejects(compact(folder.path, { compact: format, onStep: crash }), /crash/);
      for (const view of ["pages", "totals"]) {
        assert.deepEqual(
          await rowsIn(folder.path, view),
          rowsOf(windows, view),
          `read after a crash at: ${step}`,
        );
      }
      await compact(folder.path, { compact: format });
      assert.deepEqual(await treeFiles(folder.path), await treeFiles(whole.path), `finished after: ${step}`);
      assert.deepEqual(await readArchiveIndex(folder.path), await readArchiveIndex(whole.path));
    }
  });
}

test("an engine that starts finishes what a crash left, too", async () => {
  await using folder = await temporaryFolder();
  const windows = steadyWindows(NOV_23, NOV_23 + DAY_MS, 8 * 3_600_000);
  await writeWindows(folder.path, windows, THROUGH_MS);
  const crash = (step: string): void => {
    if (step === "index replaced") throw new Error("crash");
  };
  await assert.rejects(compact(folder.path, { onStep: crash }), /crash/);
  await finishTree(folder.path, [PAGES, TOTALS]);
  const files = await treeFiles(folder.path);
  assert.ok(!files.some((file) => file.startsWith("pages/")));
  assert.ok(files.some((file) => file.startsWith("totals/")));
  assert.deepEqual(await rowsIn(folder.path, "pages"), rowsOf(windows, "pages"));
});

test("archived windows are done: the same again changes nothing, others are refused", async () => {
  await using folder = await temporaryFolder();
  const windows = steadyWindows(NOV_23, NOV_23 + DAY_MS, 8 * 3_600_000);
  await writeWindows(folder.path, windows, THROUGH_MS);
  const sink = await JsonFilesSink.open(folder.path); // open before and after
  await compact(folder.path);
  const before = await treeFiles(folder.path);
  await sink.write(windows);
  await (await JsonFilesSink.open(folder.path)).write(windows);
  assert.deepEqual(await treeFiles(folder.path), before);
  const other = { ...(windows[0] as WindowRows), bytes: Buffer.from("{}\n") };
  await assert.rejects(sink.write([other]), { code: "OUTPUT_CONFLICT" });
  const [added] = steadyWindows(NOV_23 + 60_000, NOV_23 + 120_000);
  await assert.rejects(sink.write([added as WindowRows]), { code: "OUTPUT_CONFLICT" });
});

test("days that are no longer kept go from windows and archive, and do not come back", async () => {
  await using folder = await temporaryFolder();
  const windows = steadyWindows(NOV_23 - 3 * DAY_MS, NOV_23 + 3 * DAY_MS, 8 * 3_600_000);
  await writeWindows(folder.path, windows, THROUGH_MS);
  await compact(folder.path, { confirmedThroughMs: NOV_23 - DAY_MS }); // two days archived
  const report = await compact(folder.path, { compact: "none", keepMs: 2 * DAY_MS });
  assert.equal(report.droppedDays, 6); // three days before the 23rd, of two queries
  const kept = windows.filter(({ windowStartMs }) => windowStartMs >= NOV_23);
  for (const view of ["pages", "totals"])
    assert.deepEqual(await rowsIn(folder.path, view), rowsOf(kept, view));
  const files = await treeFiles(folder.path);
  assert.ok(
    files.every((file) => !/date=2026-11-2[012]/.test(file)),
    files.join("\n"),
  );
  await (await JsonFilesSink.open(folder.path)).write(windows);
  assert.deepEqual(await treeFiles(folder.path), files);
  assert.equal((await compact(folder.path, { compact: "none", keepMs: 5 * DAY_MS })).droppedDays, 0);
  assert.equal((await readArchiveIndex(folder.path)).queries.pages?.keptFrom, "2026-11-23");
});

test("a crash while days are dropped leaves none of them to be read", async () => {
  await using folder = await temporaryFolder();
  const windows = steadyWindows(NOV_23 - DAY_MS, NOV_23 + DAY_MS, 8 * 3_600_000);
  await writeWindows(folder.path, windows, THROUGH_MS);
  const crash = (): void => {
    throw new Error("crash");
  };
  await assert.rejects(compact(folder.path, { compact: "none", keepMs: 2 * DAY_MS, onStep: crash }), /crash/);
  const kept = windows.filter(({ windowStartMs }) => windowStartMs >= NOV_23);
  assert.deepEqual(await rowsIn(folder.path, "pages"), rowsOf(kept, "pages"));
  await compact(folder.path, { compact: "none", keepMs: 2 * DAY_MS });
  assert.ok((await treeFiles(folder.path)).every((file) => !file.includes("date=2026-11-22")));
});

test("a window file that does not read back as it is stays, and the day with it", async () => {
  for (const damage of ['{"window_start":"2026-11-23T00:00:00.000Z"}\n', "no JSON\n"]) {
    await using folder = await temporaryFolder();
    await writeWindows(folder.path, steadyWindows(NOV_23, NOV_23 + DAY_MS, 8 * 3_600_000), THROUGH_MS);
    const damaged = join(folder.path, "pages/date=2026-11-23/20261123T080000Z.json");
    await writeFile(damaged, damage);
    await assert.rejects(compact(folder.path), { code: "ARCHIVE_FAILED" });
    assert.equal(await readFile(damaged, "utf8"), damage);
    assert.deepEqual((await readArchiveIndex(folder.path)).queries, {});
  }
});

test("a window file of a day that is archived without it is not removed", async () => {
  await using folder = await temporaryFolder();
  const windows = steadyWindows(NOV_23, NOV_23 + DAY_MS, 8 * 3_600_000);
  await writeWindows(folder.path, windows, THROUGH_MS);
  await compact(folder.path);
  const index = await readFile(join(folder.path, "archive/archive.json"));
  await rm(join(folder.path, "archive/archive.json"));
  const [added] = steadyWindows(NOV_23 + 60_000, NOV_23 + 120_000);
  await (await JsonFilesSink.open(folder.path)).write([added as WindowRows]);
  await writeFile(join(folder.path, "archive/archive.json"), index);
  await assert.rejects(compact(folder.path), { code: "OUTPUT_CONFLICT" });
  assert.ok((await treeFiles(folder.path)).includes("pages/date=2026-11-23/20261123T000100Z.json"));
});

const text = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).filter((value) => value.isWellFormed()),
  fc.constantFrom(
    '"',
    "\\",
    "\n",
    "\r\n",
    "\u0000",
    "a\u0000b",
    "\u2028",
    "😀",
    "𝒳",
    "'; --",
    " ",
    "\t",
    "null",
    "é",
    "e\u0301",
  ),
  fc.integer({ min: 1, max: 300_000 }).map((length) => "x".repeat(length)),
);
const pageRow: fc.Arbitrary<PageRow> = fc.record({
  url: text,
  browser: text,
  events: fc.maxSafeNat(),
  staySeconds: fc.integer({ min: 0, max: 2 ** 51 }).map((ms) => ms / 1_000), // 71,000 years
  lastSeenMs: fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }),
});

test("whatever the rows hold, the archive gives back the bytes of the window files", async () => {
  using database = await openDatabase({ memoryMb: 256, threads: 1 });
  const distinct = {
    selector: ({ url, browser }: PageRow) => JSON.stringify([url, browser]),
    minLength: 1,
    maxLength: 8,
  };
  const windowRows = fc.array(fc.uniqueArray(pageRow, distinct), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(windowRows, fc.constantFrom(...FORMATS), async (rows, format) => {
      await using folder = await temporaryFolder();
      const windows = rows.map((ofWindow, n) => pagesWindow(NOV_23 + n * 60_000, ofWindow));
      await writeWindows(folder.path, windows, THROUGH_MS);
      await compact(folder.path, { compact: format });
      const path = join(folder.path, archivedFile("pages", "2026-11-23", format));
      const found =
        format === "json" ? windowsInJson(path) : windowsInParquet(database.connection, path, shapeOf(PAGES));
      const texts: string[] = [];
      for await (const window of found) texts.push(window.text);
      assert.deepEqual(
        texts,
        windows.map(({ bytes }) => Buffer.from(bytes).toString()),
      );
    }),
    { numRuns: 25 },
  );
});

test("rows about the data stay as files while they say what is expected, then are archived or dropped like others", async () => {
  await using folder = await temporaryFolder();
  const queries = [TOTALS, arrivalsQuery(DEFAULT_WINDOWS)];
  const rows = [
    { expectation: "volume", key: "totals.events", value: 0.5, expected_low: null, samples: 0, ok: null },
    { expectation: "dead_share", key: "all", value: 1e-6, expected_low: 0, samples: 12, ok: true },
  ];
  const windows: WindowRows[] = [];
  for (let startMs = NOV_23; startMs < NOV_23 + 17 * DAY_MS; startMs += DAY_MS / 2) {
    windows.push(totalsWindow(startMs, 3), windowOf("data_quality", startMs, rows));
  }
  const throughMs = NOV_23 + 16 * DAY_MS + 3_600_000;
  await writeWindows(folder.path, windows, throughMs, queries);
  const tree = { manifest: manifestOf(throughMs, queries), confirmedThroughMs: throughMs };
  await compact(folder.path, tree);
  const daysOf = async (place: string): Promise<string[]> => {
    const days = (await filesUnder(folder.path)).flatMap(
      (file) => file.match(`^${place}/date=(.{10})/`)?.[1] ?? [],
    );
    return [...new Set(days)];
  };
  assert.deepEqual(await daysOf("archive/data_quality"), ["2026-11-23", "2026-11-24"]);
  assert.equal((await daysOf("data_quality"))[0], "2026-11-25");
  assert.equal((await daysOf("totals"))[0], "2026-12-09");
  const seen = await rowsIn(folder.path, "data_quality");
  assert.equal(seen.length, 2 * 34);
  assert.deepEqual(new Set(seen.map((row) => (row as { value: number }).value)), new Set([0.5, 1e-6]));
  const rule = { query: "data_quality", where: {}, measure: "value", forMs: 0, kind: "query" } as const;
  const named = {
    ...rule,
    name: "any",
    severity: "info",
    note: null,
    condition: { kind: "above", limit: 0 },
  } as const;
  const asked = { rules: [named], rule: "any", output: folder.path, fromMs: null, toMs: null };
  assert.equal((await testRule(asked, systemClock)).windows, 33, "rules read them wherever they are");

  await compact(folder.path, { ...tree, compact: "none", keepMs: 3 * DAY_MS });
  assert.equal((await daysOf("archive/totals"))[0], "2026-12-06");
  assert.deepEqual(await daysOf("archive/data_quality"), []);
  assert.equal(
    (await daysOf("data_quality"))[0],
    "2026-11-25",
    "fourteen days, however few are kept of others",
  );
});
