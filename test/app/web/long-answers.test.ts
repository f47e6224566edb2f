// An answer of rows is bounded in bytes, whatever keys are called; what it leaves out follows on the next pages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { OutputHistory } from "../../../src/app/web/output-history.ts";
import { systemClock } from "../../../src/core/clock.ts";
import type { WindowRows } from "../../../src/sinks/sink.ts";
import type { Row } from "../../../src/web/api.ts";
import type { Cursor } from "../../../src/web/sources.ts";
import { MINUTE_MS, NOV_23, page, pagesWindow, rowsOf, writeWindows } from "../../history/trees.ts";
import { temporaryFolder } from "../../sinks/temporary-folder.ts";

/** About what the API says, and the row that passes it. */
const MAX_BYTES = 8_000_000;
const LONGEST_ROW = 1_100_000;
const stretch = { fromMs: NOV_23, toMs: NOV_23 + 60 * MINUTE_MS };

/** Two windows of so many urls of a megabyte, and five usual ones. */
const windowsOf = (urls: number) =>
  [0, 1].map((minute) => {
    const startMs = NOV_23 + 5 * minute * MINUTE_MS;
    const long = Array.from({ length: urls }, (_, n) => `/${n}${"xyz"[n % 3]!.repeat(1_000_000)}`);
    return pagesWindow(
      startMs,
      [...long, ...Array.from({ length: 5 }, (_, n) => `/usual/${n}`)].map((url, n) =>
        page(url, startMs, n + 1),
      ),
    );
  });

async function openTree(windows: readonly WindowRows[]) {
  const folder = await temporaryFolder();
  await writeWindows(folder.path, windows, NOV_23 + 60 * MINUTE_MS);
  const history = new OutputHistory(folder.path, systemClock);
  return {
    history,
    async [Symbol.asyncDispose]() {
      await history[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test("pages of rows end where the bytes run out, and go on there without a gap or a repeat", async () => {
  const windows = windowsOf(17); // more than is sorted
  await using tree = await openTree(windows);
  const all: Row[] = [];
  let pages = 0;
  for (let after: Cursor | null = null, more = true; more; pages++) {
    const { rows, next } = await tree.history.windows({
      query: "pages",
      ...stretch,
      stepMs: null,
      limit: 10_000,
      after,
    });
    const bytes = Buffer.byteLength(JSON.stringify(rows));
    assert.ok(rows.length > 0 && bytes < MAX_BYTES + LONGEST_ROW, `${rows.length} rows, ${bytes} bytes`);
    all.push(...rows);
    after = next;
    more = next !== null;
  }
  assert.ok(pages >= 4, `${pages} pages`);
  assert.deepEqual(all, rowsOf(windows, "pages"));
});

test("of long keys the greatest are told, as many as there is room for", async () => {
  await using tree = await openTree(windowsOf(12));
  const top = await tree.history.top({
    query: "pages",
    by: "events",
    ...stretch,
    limit: 100,
    search: "",
    points: 0,
  });
  const values = top.items.map(({ value }) => value);
  const greatestFirst = Array.from({ length: 17 }, (_, n) => 2 * (17 - n));
  assert.deepEqual(values, greatestFirst.slice(0, values.length));
  assert.ok(values.length > 5 && values.length < 17, `${values.length} keys`);
  assert.equal(top.keys, 17);
  assert.equal(top.total, (2 * (17 * 18)) / 2);
  assert.ok(Buffer.byteLength(JSON.stringify(top.items)) < MAX_BYTES + LONGEST_ROW);
});
