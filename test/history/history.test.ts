import assert from "node:assert/strict";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { History } from "../../src/history/history.ts";
import { count, maxTime, min, query, sum } from "../../src/queries/query.ts";
import { JsonFilesSink } from "../../src/sinks/json-files.ts";
import { writeManifest } from "../../src/sinks/manifest-file.ts";
import { filesUnder, temporaryFolder } from "../sinks/temporary-folder.ts";
import {
  DAY_MS,
  MINUTE_MS,
  manifestOf,
  NOV_23,
  page,
  pagesWindow,
  rowsOf,
  steadyWindows,
  totalsWindow,
  writeWindows,
} from "./trees.ts";

const openHistory = (output: string): Promise<History> =>
  History.open({ output, clock: systemClock, memoryMb: 128, threads: 1 });

async function rowsIn(history: History, view: string): Promise<Record<string, unknown>[]> {
  const { columns, rows } = await history.query(`SELECT * FROM ${view} ORDER BY ALL`);
  return rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at]])));
}

test("views hold the rows of the window files, with their types", async () => {
  await using folder = await temporaryFolder();
  const windows = steadyWindows(NOV_23, NOV_23 + 2 * DAY_MS);
  await writeWindows(folder.path, windows, NOV_23 + 3 * DAY_MS);
  await using history = await openHistory(folder.path);
  await history.refresh();
  assert.deepEqual(await rowsIn(history, "pages"), rowsOf(windows, "pages"));
  assert.deepEqual(await rowsIn(history, "totals"), rowsOf(windows, "totals"));
  const types = await history.query("SELECT column_name, column_type FROM (DESCRIBE pages)");
  assert.deepEqual(Object.fromEntries(types.rows as [string, string][]), {
    window_start: "TIMESTAMP",
    window_end: "TIMESTAMP",
    url: "VARCHAR",
    browser: "VARCHAR",
    events: "BIGINT",
    users: "BIGINT",
    stay_seconds: "DECIMAL(18,3)",
    last_seen: "TIMESTAMP",
  });
});

test("without a manifest the views are the same", async () => {
  await using folder = await temporaryFolder();
  const windows = steadyWindows(NOV_23, NOV_23 + DAY_MS);
  await writeWindows(folder.path, windows, NOV_23 + 3 * DAY_MS);
  await rm(join(folder.path, "manifest.json"));
  await using history = await openHistory(folder.path);
  await history.refresh();
  assert.deepEqual(await rowsIn(history, "pages"), rowsOf(windows, "pages"));
  const sum = await history.query("SELECT sum(stay_seconds)::VARCHAR FROM pages");
  assert.deepEqual(sum.rows, [["72.000"]]); // decimals, not doubles
});

test("a refresh takes in new windows, and makes only the files of their hour again", async () => {
  await using folder = await temporaryFolder();
  const windows = steadyWindows(NOV_23, NOV_23 + 30 * 60 * MINUTE_MS);
  await writeWindows(folder.path, windows, NOV_23 + 3 * DAY_MS);
  await using history = await openHistory(folder.path);
  await history.refresh();
  const cache = join(folder.path, "archive", "_cache", "pages");
  const before = new Set(await readdir(cache));
  assert.equal(before.size, 1 + 6); // one older day, six hours of the newest
  const startMs = NOV_23 + (29 * 60 + 1) * MINUTE_MS;
  const added = [pagesWindow(startMs, [page("/new", startMs)]), totalsWindow(startMs, 1)];
  await (await JsonFilesSink.open(folder.path)).write(added);
  assert.equal((await rowsIn(history, "pages")).length, 60);
  await history.refresh();
  assert.deepEqual(await rowsIn(history, "pages"), rowsOf([...windows, ...added], "pages"));
  const made = (await readdir(cache)).filter((name) => !before.has(name));
  assert.match(made.join(), /^20261124T05-2-[0-9a-f]{16}\.parquet$/);
});

test("the rows of a stretch are all found in the files of its days and hours", async () => {
  await using folder = await temporaryFolder();
  const windows = steadyWindows(NOV_23, NOV_23 + 54 * 60 * MINUTE_MS, 20 * MINUTE_MS);
  await writeWindows(folder.path, windows, NOV_23 + 3 * DAY_MS);
  await using history = await openHistory(folder.path);
  await history.refresh();
  const startsOf = (rows: readonly Record<string, unknown>[]): number[] =>
    rows.map(({ window_start }) => Date.parse(String(window_start)));
  const all = startsOf(rowsOf(windows, "pages"));
  const files: number[] = [];
  for (const [from, to] of [
    [0, 1],
    [0, 60],
    [59, 61],
    [1_439, 1_441],
    [2_880, 2_940],
    [2_939, 3_240],
    [-9, 9_999],
    [9_998, 9_999],
  ]) {
    const [fromMs, toMs] = [NOV_23 + from! * MINUTE_MS, NOV_23 + to! * MINUTE_MS];
    const { rows } = await history.query(
      (rowsIn) => {
        const table = rowsIn("pages", { fromMs, toMs });
        files.push(table.match(/\.parquet/g)?.length ?? 0);
        return `SELECT window_start FROM ${table} WHERE epoch_ms(window_start) >= ? AND epoch_ms(window_start) < ? ORDER BY ALL`;
      },
      [fromMs, toMs],
    );
    assert.deepEqual(
      startsOf(rows.map(([window_start]) => ({ window_start }))),
      all.filter((startMs) => startMs >= fromMs && startMs < toMs),
      `${from} to ${to}`,
    );
  }
  assert.deepEqual(files, [1, 1, 1, 2, 1, 6, 8, 0]); // two older days, six hours of the newest
});

test("another process, and a later one, use what is there already", async () => {
  await using folder = await temporaryFolder();
  await writeWindows(folder.path, steadyWindows(NOV_23, NOV_23 + DAY_MS), NOV_23 + 3 * DAY_MS);
  await using first = await openHistory(folder.path);
  await first.refresh();
  const cache = join(folder.path, "archive", "_cache");
  const inodes = async (): Promise<number[]> =>
    Promise.all((await filesUnder(cache)).map(async (file) => (await stat(join(cache, file))).ino));
  const before = await inodes();
  await using second = await openHistory(folder.path);
  await second.refresh();
  assert.deepEqual(await inodes(), before);
});

test("a cache that is deleted under it is made again", async () => {
  await using folder = await temporaryFolder();
  const windows = steadyWindows(NOV_23, NOV_23 + DAY_MS);
  await writeWindows(folder.path, windows, NOV_23 + 3 * DAY_MS);
  await using history = await openHistory(folder.path);
  await history.refresh();
  await rm(join(folder.path, "archive"), { recursive: true });
  assert.deepEqual(await rowsIn(history, "pages"), rowsOf(windows, "pages"));
});

test("an output without results has no views, and nothing is made there", async () => {
  await using folder = await temporaryFolder();
  await using history = await openHistory(join(folder.path, "absent"));
  await history.refresh();
  assert.deepEqual(history.views, []);
  assert.deepEqual(await readdir(folder.path), []);
});

test("number fields keep all their digits, whatever the keys look like", async () => {
  await using folder = await temporaryFolder();
  const prices = query("prices", {
    by: ["url"],
    measures: { events: count(), total: sum("price"), last_seen: maxTime(), least: min("price") },
  });
  const digits = [
    ["99999999999999999999.123456", "-0.000001"],
    ["123456789012.123457", "0"],
    ["-1", "999999999999.999999"],
  ];
  const hostile = [',"total":5,"least":6}', '{"a":"\n","total":1}', "plain"];
  const lines = digits.map(
    ([total, least], at) =>
      `{"window_start":"2026-11-23T00:00:00.000Z","window_end":"2026-11-23T00:05:00.000Z","url":${JSON.stringify(hostile[at])},"events":1,"total":${total},"last_seen":"2026-11-23T00:01:00.000Z","least":${least}}\n`,
  );
  const rows = { query: prices.name, windowStartMs: NOV_23, windowEndMs: NOV_23 + 300_000, rowCount: 3 };
  await (await JsonFilesSink.open(folder.path)).write([{ ...rows, bytes: Buffer.from(lines.join("")) }]);
  await writeManifest(folder.path, { ...manifestOf(NOV_23 + DAY_MS), queries: [prices] });
  await using history = await openHistory(folder.path);
  await history.refresh();
  const { rows: found } = await history.query(
    "SELECT url, total::VARCHAR, least::VARCHAR FROM prices ORDER BY url",
  );
  const expected = digits.map(([total, least], at) => [hostile[at], Number(total), Number(least)]);
  assert.deepEqual(
    found.map(([url, ...numbers]) => [url, ...numbers.map(Number)]),
    expected.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  );
  assert.deepEqual(
    await history.query("SELECT total::VARCHAR, least::VARCHAR FROM prices WHERE url LIKE ',%'"),
    {
      columns: ["CAST(total AS VARCHAR)", "CAST(least AS VARCHAR)"],
      rows: [["99999999999999999999.123456", "-0.000001"]],
    },
  );
});
