import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { SparkWindows } from "../../../src/app/spark/spark-windows.ts";
import type { WindowKey } from "../../../src/sinks/postgres/tree-follower.ts";
import type { WindowRows } from "../../../src/sinks/sink.ts";
import { DAY_MS, MINUTE_MS, manifestOf, NOV_23, page, pagesWindow } from "../../history/trees.ts";
import { temporaryFolder } from "../../sinks/temporary-folder.ts";

/** One batch as Spark leaves it: rows of all windows dealt to files in no order, and the log's entry that commits them. */
async function commit(
  output: string,
  batch: number,
  windows: readonly WindowRows[],
  fileCount = 3,
): Promise<void> {
  const paths: string[] = [];
  for (const [day, ofDay] of Map.groupBy(windows, ({ windowStartMs }) =>
    new Date(windowStartMs).toISOString().slice(0, 10),
  )) {
    const lines = ofDay.flatMap(({ bytes }) => Buffer.from(bytes).toString().trimEnd().split("\n")).reverse();
    await mkdir(join(output, "pages", `date=${day}`), { recursive: true });
    for (let file = 0; file < fileCount; file++) {
      const path = `pages/date=${day}/part-${batch}-${file}.json`;
      const rows = lines.filter((_, index) => index % fileCount === file);
      await writeFile(join(output, path), rows.map((row) => `${row}\n`).join(""));
      paths.push(path);
    }
  }
  const entries = paths.map((path) => JSON.stringify({ path: `file:///elsewhere/${path}`, action: "add" }));
  await mkdir(join(output, "pages", "_spark_metadata"), { recursive: true });
  await writeFile(join(output, "pages", "_spark_metadata", String(batch)), ["v1", ...entries].join("\n"));
}

const urls = ["/", "/a/ä", '/zz\t"\\', "/\u001f", "/😀"];
const windowsOf = (fromMs: number, count: number): WindowRows[] =>
  Array.from({ length: count }, (_, n) => {
    const startMs = fromMs + n * MINUTE_MS;
    return pagesWindow(
      startMs,
      urls.slice(0, 1 + (n % urls.length)).map((url) => page(url, startMs, n)),
    );
  });

async function contents(windows: SparkWindows, keys?: readonly WindowKey[]): Promise<WindowRows[]> {
  const found: WindowRows[] = [];
  for await (const window of windows.read(keys ?? (await windows.list()))) {
    found.push({ ...window, bytes: Buffer.from(window.bytes) });
  }
  return found;
}

test("windows are what is committed, put together from all files, as the other engine writes them", async () => {
  await using folder = await temporaryFolder();
  const output = folder.path;
  const windows = new SparkWindows(output, manifestOf(0));
  assert.deepEqual(await windows.list(), []);
  const first = windowsOf(NOV_23 + DAY_MS - 20 * MINUTE_MS, 40); // over midnight
  await commit(output, 0, first);
  await writeFile(join(output, "pages", "date=2026-11-23", "part-killed.json"), "half a ro"); // in no entry
  assert.deepEqual(await contents(windows), first);
  const second = windowsOf(NOV_23 + DAY_MS + 20 * MINUTE_MS, 10);
  await commit(output, 1, second, 1);
  assert.deepEqual(await contents(windows), [...first, ...second]);
  const keys = [...second, ...first].slice(5, 20);
  assert.deepEqual(await contents(windows, keys), keys);
});

test("control characters are written as the other engine writes them", async () => {
  await using folder = await temporaryFolder();
  const [window] = windowsOf(NOV_23, 5).slice(4) as [WindowRows];
  const java = Buffer.from(window.bytes).toString().replace("\\u001f", "\\u001F");
  assert.notEqual(java, Buffer.from(window.bytes).toString());
  await commit(folder.path, 0, [{ ...window, bytes: Buffer.from(java) }]);
  assert.deepEqual(await contents(new SparkWindows(folder.path, manifestOf(0))), [window]);
});
