import assert from "node:assert/strict";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { History } from "../../src/history/history.ts";
import { JsonFilesSink } from "../../src/sinks/json-files.ts";
import { filesUnder, temporaryFolder } from "../sinks/temporary-folder.ts";
import {
  DAY_MS,
  MINUTE_MS,
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
