import assert from "node:assert/strict";
import { test } from "node:test";
import { OutputHistory } from "../../../src/app/web/output-history.ts";
import { systemClock } from "../../../src/core/clock.ts";
import type { HttpProblem } from "../../../src/web/problems.ts";
import type { Cursor } from "../../../src/web/sources.ts";
import {
  MINUTE_MS,
  NOV_23,
  page,
  pagesWindow,
  rowsOf,
  totalsWindow,
  VISITORS,
  visitorsWindow,
  writeWindows,
} from "../../history/trees.ts";
import { temporaryFolder } from "../../sinks/temporary-folder.ts";

const HOUR_MS = 60 * MINUTE_MS;
const stretch = { fromMs: NOV_23, toMs: NOV_23 + 24 * HOUR_MS };

/** Every minute of an hour a window: `/` grows, `/cart` is steady, `/rare` is seen once. */
const windows = Array.from({ length: 60 }, (_, minute) => {
  const startMs = NOV_23 + minute * MINUTE_MS;
  const rows = [page("/", startMs, minute), page("/cart", startMs, 10)];
  if (minute === 30) rows.push(page("/Rare%", startMs, 1));
  return [pagesWindow(startMs, rows), totalsWindow(startMs, minute)];
}).flat();

async function openTree() {
  const folder = await temporaryFolder();
  await writeWindows(folder.path, windows, NOV_23 + 2 * HOUR_MS);
  const history = new OutputHistory(folder.path, systemClock);
  return {
    folder,
    history,
    async [Symbol.asyncDispose]() {
      await history[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test("pages of windows follow each other without a gap or a repeat, rows as in the files", async () => {
  await using tree = await openTree();
  for (const limit of [1, 2, 7, 1_000]) {
    const all: unknown[] = [];
    for (let after = null, more = true; more; ) {
      const { rows, next } = await tree.history.windows({
        query: "pages",
        ...stretch,
        stepMs: 10 * MINUTE_MS,
        limit,
        after,
      });
      assert.ok(rows.length <= limit);
      all.push(...rows);
      after = next as never;
      more = next !== null;
    }
    const expected = rowsOf(windows, "pages").filter(
      ({ window_start }) => Date.parse(String(window_start)) % (10 * MINUTE_MS) === 0,
    );
    assert.deepEqual(all, expected, `pages of ${limit}`);
  }
});

test("a user's pages follow each other over days with many windows, with few and with none", async () => {
  await using folder = await temporaryFolder();
  const hoursAgo = [1, 2, 3, 30, 50, 51, 200, 201, 900, 1_500];
  const endMs = NOV_23 + 100 * 24 * HOUR_MS;
  const visits = hoursAgo.map((hours) => visitorsWindow(endMs - hours * HOUR_MS, { ann: hours, bob: 1 }));
  await writeWindows(folder.path, visits, endMs, [VISITORS]);
  await using history = new OutputHistory(folder.path, systemClock);
  const request = { user: "ann", fromMs: NOV_23, toMs: endMs };
  for (const limit of [1, 3, 4, 9, 10, 100]) {
    const found: unknown[] = [];
    for (let after: Cursor | null = null, more = true; more; more = after !== null) {
      const told = await history.user("visitors", { ...request, limit, after });
      assert.ok(told !== undefined && told.windows.length <= limit);
      found.push(...told.windows.map(({ events }) => events));
      after = told.next;
    }
    assert.deepEqual(found, hoursAgo, `${limit} a page`);
  }
});

test("the top keys are summed over windows that do not overlap, with their series", async () => {
  await using tree = await openTree();
  const top = await tree.history.top({
    query: "pages",
    by: "events",
    ...stretch,
    limit: 2,
    search: "",
    points: 4,
  });
  const fives = Array.from({ length: 12 }, (_, at) => at * 5);
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  assert.equal(top.windows, 12);
  assert.equal(top.keys, 3);
  assert.equal(top.total, sum(fives) + 120 + 1);
  assert.deepEqual(
    top.pointsMs,
    [0, 15, 30, 45].map((minute) => NOV_23 + minute * MINUTE_MS),
  );
  assert.deepEqual(
    top.items.map(({ key, value, series }) => [key.url, value, series]),
    [
      ["/", sum(fives), [15, 60, 105, 150]],
      ["/cart", 120, [30, 30, 30, 30]],
    ],
  );
  assert.equal(top.items[1]?.measures.users, 1, "distinct counts are not summed");
  assert.equal(top.items[1]?.measures.stay_seconds, 18);
});

test("a search is a text, whatever it holds", async () => {
  await using tree = await openTree();
  const found = async (search: string): Promise<unknown[]> => {
    const top = await tree.history.top({
      query: "pages",
      by: "events",
      ...stretch,
      limit: 9,
      search,
      points: 0,
    });
    return top.items.map(({ key }) => key.url);
  };
  assert.deepEqual(await found("rare%"), ["/Rare%"]);
  assert.deepEqual(await found("%"), ["/Rare%"]);
  assert.deepEqual(await found("' OR 1=1 --"), []);
  assert.deepEqual(await found("firefox"), ["/", "/cart", "/Rare%"]);
});

test("a query without keys has one item", async () => {
  await using tree = await openTree();
  const top = await tree.history.top({
    query: "totals",
    by: "events",
    ...stretch,
    limit: 9,
    search: "x",
    points: 2,
  });
  assert.deepEqual(
    top.items.map(({ key, series }) => [key, series]),
    [[{}, [75, 255]]],
  );
});

test("windows that become final meanwhile are found, and the queries tell what there is", async () => {
  await using tree = await openTree();
  const before = await tree.history.queries();
  assert.equal(before.queries[0]?.lastStartMs, NOV_23 + 59 * MINUTE_MS);
  const laterMs = NOV_23 + 3 * HOUR_MS;
  await writeWindows(tree.folder.path, [totalsWindow(laterMs, 7)], NOV_23 + 4 * HOUR_MS);
  const { rows } = await tree.history.windows({
    query: "totals",
    fromMs: laterMs,
    toMs: laterMs + 1,
    stepMs: null,
    limit: 5,
    after: null,
  });
  assert.deepEqual(
    rows.map(({ events }) => events),
    [7],
  );
  const after = await tree.history.queries();
  assert.equal(after.queries.find(({ name }) => name === "totals")?.lastStartMs, laterMs);
  assert.equal(after.closedThroughMs, NOV_23 + 4 * HOUR_MS);
  assert.deepEqual(
    after.queries[0]?.columns.map(({ name, role, type, combine }) => [name, role, type, combine]),
    [
      ["url", "key", "text", null],
      ["browser", "key", "text", null],
      ["events", "measure", "count", "sum"],
      ["users", "measure", "count", "max"],
      ["stay_seconds", "measure", "seconds", "sum"],
      ["last_seen", "measure", "time", "max"],
    ],
  );
});

test("a folder without results has no queries", async () => {
  await using folder = await temporaryFolder();
  await using history = new OutputHistory(folder.path, systemClock);
  assert.deepEqual(await history.queries(), {
    engine: null,
    topic: null,
    closedThroughMs: null,
    queries: [],
  });
});

test("a history that is closed while it is asked answers or refuses, and the process lives", async () => {
  await using tree = await openTree();
  for (let round = 0; round < 20; round++) {
    const history = new OutputHistory(tree.folder.path, systemClock);
    if (round % 2 === 0) await history.queries();
    const asked = Array.from({ length: 8 }, (_, n) =>
      n % 2 === 0
        ? history.top({ query: "pages", by: "events", limit: 10, search: "", points: 20, ...stretch })
        : history.windows({ query: "pages", stepMs: null, limit: 1_000, after: null, ...stretch }),
    );
    const ends = asked.map((answer) =>
      answer.then(
        () => "answered",
        (error: HttpProblem) => error.problem.code,
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, round % 20));
    await history[Symbol.asyncDispose]();
    for (const end of await Promise.all(ends)) assert.match(end, /^(?:answered|UNAVAILABLE)$/);
  }
});
