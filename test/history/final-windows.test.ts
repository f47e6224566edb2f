// Windows in a tree as Spark writes it: files of many windows, in no order, committed by its log.
import assert from "node:assert/strict";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { FinalWindows } from "../../src/history/final-windows.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";
import { MINUTE_MS, NOV_23, PAGES } from "./trees.ts";

const LIMITS = { memoryMb: 64, threads: 1 };
const DAY = join("pages", "date=2026-11-23");

/** A batch: some files of rows, each named by the minute of its window and a page. */
async function commit(output: string, batch: number, files: Readonly<Record<string, readonly string[]>>) {
  await mkdir(join(output, "pages", "_spark_metadata"), { recursive: true });
  await mkdir(join(output, DAY), { recursive: true });
  const entries = ["v1"];
  for (const [file, rows] of Object.entries(files)) {
    await writeFile(join(output, DAY, file), rows.map((row) => `${lineOf(row)}\n`).join(""));
    entries.push(JSON.stringify({ path: `file://${join(output, DAY, file)}`, action: "add" }));
  }
  await writeFile(join(output, "pages", "_spark_metadata", String(batch)), entries.join("\n"));
}

function lineOf(row: string): string {
  const [minute = "", url] = row.split(" ");
  if (url === undefined) return row;
  const window_start = new Date(NOV_23 + Number(minute) * MINUTE_MS).toISOString();
  return JSON.stringify({ window_start, window_end: "", url });
}

/** As `commit` names rows. */
async function rowsBetween(windows: FinalWindows, fromMinute: number | null, toMinute: number) {
  const fromMs = fromMinute === null ? null : NOV_23 + fromMinute * MINUTE_MS;
  const found: string[] = [];
  for await (const { startMs, text } of windows.between(PAGES, {
    fromMs,
    toMs: NOV_23 + toMinute * MINUTE_MS,
  })) {
    const urls = text.trimEnd().split("\n");
    for (const row of urls) found.push(`${(startMs - NOV_23) / MINUTE_MS} ${JSON.parse(row).url}`);
  }
  return found;
}

test("windows come by their start, with the rows of all committed files, and a file that was read is not read again", async () => {
  await using folder = await temporaryFolder();
  using windows = new FinalWindows(folder.path, systemClock, LIMITS);
  await commit(folder.path, 0, { "a.json": ["1 /b", "0 /a", "2 /a"], "b.json": ["1 /a", "2 /b"] });
  await writeFile(join(folder.path, DAY, "killed.json"), `${lineOf("0 /never")}\n`);
  assert.deepEqual(await rowsBetween(windows, null, 2), ["0 /a", "1 /b", "1 /a"]);
  assert.deepEqual(await rowsBetween(windows, 2, 3), ["2 /a", "2 /b"]);
  for (const file of ["a.json", "b.json"]) await rm(join(folder.path, DAY, file));
  await commit(folder.path, 1, { "c.json": ["4 /a", "3 /a"] });
  assert.deepEqual(await rowsBetween(windows, 3, 9), ["3 /a", "4 /a"]);
});

test("a committed file that somebody changed is refused by its path", async () => {
  await using folder = await temporaryFolder();
  using windows = new FinalWindows(folder.path, systemClock, LIMITS);
  await commit(folder.path, 0, { "a.json": ["0 /a", "{}"] });
  await assert.rejects(rowsBetween(windows, null, 9), { code: "ROWS_UNREADABLE", message: /a\.json/ });
});
