// Copies of days with windows that do not overlap give what the days give, and are kept as long as their days.
import assert from "node:assert/strict";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { History } from "../../src/history/history.ts";
import { JsonFilesSink } from "../../src/sinks/json-files.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";
import { DAY_MS, MINUTE_MS, NOV_23, page, pagesWindow, steadyWindows, writeWindows } from "./trees.ts";

const SIZE_MS = 5 * MINUTE_MS;
const stretch = { fromMs: NOV_23 - DAY_MS, toMs: NOV_23 + 9 * DAY_MS, apart: true };

const openHistory = (output: string): Promise<History> =>
  History.open({ output, clock: systemClock, memoryMb: 128, threads: 1 });

/** Sums over windows that do not overlap, and how many copies they were read from. */
async function sums(history: History): Promise<{ rows: unknown[][]; copies: number }> {
  let copies = 0;
  const { rows } = await history.query((rowsOf) => {
    const table = rowsOf("pages", stretch);
    copies = table.match(/_apart/g)?.length ?? 0;
    return `SELECT url, count(*), sum(events), sum(stay_seconds)::VARCHAR FROM ${table}
      WHERE epoch_ms(window_start) % ${SIZE_MS} = 0 GROUP BY url ORDER BY url`;
  });
  return { rows, copies };
}

async function makeAll(history: History): Promise<number> {
  let made = 0;
  while (await history.copyDay()) made++;
  return made;
}

test("sums are the same with copies of days and without, and copies are made once", async () => {
  await using folder = await temporaryFolder();
  const windows = steadyWindows(NOV_23, NOV_23 + 2.5 * DAY_MS, 7 * MINUTE_MS);
  await writeWindows(folder.path, windows, NOV_23 + 3 * DAY_MS);
  await using history = await openHistory(folder.path);
  await history.refresh();
  const { rows: without, copies: none } = await sums(history);
  assert.equal(none, 0);
  assert.equal(without.length, 2);
  assert.equal(await makeAll(history), 2); // of the two older days; a query without keys is small as it is
  assert.deepEqual(await sums(history), { rows: without, copies: 2 });

  await using next = await openHistory(folder.path);
  await next.refresh();
  assert.deepEqual(await sums(next), { rows: without, copies: 2 });
  assert.equal(await makeAll(next), 0);
});

test("what is combined a key is the same from sums of whole days and rows of the others", async () => {
  await using folder = await temporaryFolder();
  await writeWindows(
    folder.path,
    steadyWindows(NOV_23, NOV_23 + 3.5 * DAY_MS, 5 * MINUTE_MS),
    NOV_23 + 4 * DAY_MS,
  );
  await using history = await openHistory(folder.path);
  await history.refresh();
  await makeAll(history);
  const combined = (fromMs: number, toMs: number, summed: boolean) => {
    let ofSums = 0;
    const rows = history.query((rowsOf) => {
      const table = rowsOf("pages", { fromMs, toMs, apart: true, summed });
      ofSums = table.match(/\.sums\./g)?.length ?? 0;
      return `SELECT url, sum(events)::VARCHAR, max(users), sum(stay_seconds)::VARCHAR FROM ${table}
        WHERE epoch_ms(window_start) >= ${fromMs} AND epoch_ms(window_start) < ${toMs}
        AND epoch_ms(window_start) % ${SIZE_MS} = 0 GROUP BY url ORDER BY url`;
    });
    return rows.then(({ rows }) => ({ rows, ofSums }));
  };
  for (const [fromDays, toDays, wholeDays] of [
    [0, 4, 3],
    [0.25, 3.25, 2],
    [1, 2, 1],
    [1.25, 1.75, 0],
  ] as const) {
    const [fromMs, toMs] = [NOV_23 + fromDays * DAY_MS, NOV_23 + toDays * DAY_MS];
    const { rows } = await combined(fromMs, toMs, false);
    assert(rows.length > 0);
    assert.deepEqual(await combined(fromMs, toMs, true), { rows, ofSums: wholeDays });
  }
});

test("a copy goes when its day is another, and a lost one is made again", async () => {
  await using folder = await temporaryFolder();
  await writeWindows(folder.path, steadyWindows(NOV_23, NOV_23 + 1.5 * DAY_MS), NOV_23 + 2 * DAY_MS);
  await using history = await openHistory(folder.path);
  await history.refresh();
  await makeAll(history);
  const copies = join(folder.path, "archive", "_cache", "_apart", "pages");
  const [before] = await readdir(copies);

  const late = pagesWindow(NOV_23 + SIZE_MS, [page("/late", NOV_23, 7)]);
  await (await JsonFilesSink.open(folder.path)).write([late]);
  await history.refresh();
  assert.deepEqual(await readdir(copies), []);
  assert.equal(await makeAll(history), 1);
  assert.notEqual((await readdir(copies))[0], before);
  const { rows } = await sums(history);
  assert.deepEqual(rows.find(([url]) => url === "/late")?.slice(1, 3), [1, 7]);

  await rm(join(folder.path, "archive"), { recursive: true });
  assert.deepEqual((await sums(history)).rows, rows);
  assert.equal(await makeAll(history), 1);
});
