import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { OutputHistory } from "../../../src/app/web/output-history.ts";
import { systemClock } from "../../../src/core/clock.ts";
import {
  SESSION_QUERIES,
  type SessionRow,
  sessionsWindow,
  transitionsWindow,
} from "../../history/session-trees.ts";
import { MINUTE_MS, NOV_23, writeWindows } from "../../history/trees.ts";
import { temporaryFolder } from "../../sinks/temporary-folder.ts";

const HOUR_MS = 60 * MINUTE_MS;
const RUNS = 12;
const PAGES = ["/", "/cart", "/Cart", "/café", "/a'b", "%", "/long/".repeat(30)];

const pageName = fc.constantFrom(...PAGES);
const session = fc.record({
  seconds: fc.oneof(
    fc.constantFrom(0, 9.999, 10, 59.999, 60, 3_600),
    fc.integer({ min: 0, max: 9_000_000 }).map((ms) => ms / 1_000),
  ),
  events: fc.integer({ min: 1, max: 90 }),
  pages: fc.uniqueArray(pageName, { minLength: 1, maxLength: 5 }),
});
const visits = fc.array(fc.tuple(fc.integer({ min: 0, max: 119 }), session), { maxLength: 60 });
const moves = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: 119 }),
    fc.tuple(pageName, pageName).filter(([from, to]) => from !== to),
    fc.integer({ min: 1, max: 500 }),
  ),
  { maxLength: 120 },
);

type Visit = readonly [minute: number, row: Omit<SessionRow, "id">];
type Move = readonly [minute: number, pair: readonly [string, string], times: number];

async function openTree(visited: readonly Visit[], moved: readonly Move[]) {
  const folder = await temporaryFolder();
  const minutes = [...Array(120).keys()];
  const windows = minutes.flatMap((minute) => {
    const startMs = NOV_23 + minute * MINUTE_MS;
    const rows = visited.flatMap(([at, row], index) => (at === minute ? [{ id: `s${index}`, ...row }] : []));
    // A window has one row for a pair.
    const pairs = new Map(
      moved.flatMap(([at, [from, to], times]) => (at === minute ? [[`${from}\n${to}`, times] as const] : [])),
    );
    const rowsOfPairs = [...pairs].map(([pair, times]) => [...pair.split("\n"), times] as never);
    return [
      ...(rows.length > 0 ? [sessionsWindow(startMs, rows)] : []),
      ...(rowsOfPairs.length > 0 ? [transitionsWindow(startMs, rowsOfPairs)] : []),
    ];
  });
  await writeWindows(folder.path, windows, NOV_23 + 3 * HOUR_MS, SESSION_QUERIES);
  const history = new OutputHistory(folder.path, systemClock);
  return {
    history,
    async [Symbol.asyncDispose]() {
      await history[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const exact = (seconds: number): number => Math.round(seconds * 1_000) / 1_000;
const byTimes =
  (name: string) =>
  (a: readonly [string, number], b: readonly [string, number]): number =>
    b[1] - a[1] || Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0])) || assert.fail(name);

/** Names with their sums, most first. */
function ranked(pairs: readonly (readonly [string, number])[]): [string, number][] {
  const totals = new Map<string, number>();
  for (const [name, times] of pairs) totals.set(name, (totals.get(name) ?? 0) + times);
  return [...totals].sort(byTimes("names are different"));
}

test("lengths, bounces and pages of sessions are those of their rows", async () => {
  await fc.assert(
    fc.asyncProperty(visits, async (visited) => {
      await using tree = await openTree(visited, []);
      const stretch = { fromMs: NOV_23 + 10 * MINUTE_MS, toMs: NOV_23 + 90 * MINUTE_MS };
      const told = await tree.history.sessions({ query: "sessions", ...stretch });
      const rows = visited.filter(([minute]) => minute >= 10 && minute < 90).map(([, row]) => row);
      const seconds = rows.map((row) => row.seconds).sort((a, b) => a - b);
      assert.deepEqual(
        [told.sessions, told.bounces, told.events, told.pages, exact(told.totalSeconds)],
        [
          rows.length,
          rows.filter(({ pages }) => pages.length === 1).length,
          sum(rows.map(({ events }) => events)),
          sum(rows.map(({ pages }) => pages.length)),
          exact(sum(seconds)),
        ],
      );
      const whole = (length: number): number => length - (length % (length < 3_600 ? 1 : 60));
      const at = (share: number): number | null =>
        seconds.map(whole)[Math.ceil(share * seconds.length) - 1] ?? null;
      assert.deepEqual([told.medianSeconds, told.p90Seconds], [at(0.5), at(0.9)]);
      assert.equal(sum(told.lengths.map(({ sessions }) => sessions)), rows.length);
      for (const { fromSeconds, toSeconds, sessions } of told.lengths) {
        const within = seconds.filter((length) => length >= fromSeconds && length < (toSeconds ?? Infinity));
        assert.equal(sessions, within.length, `from ${fromSeconds} s`);
      }
    }),
    { numRuns: RUNS },
  );
});

test("entry and exit pages come most first, page by page without a gap or a repeat, and a search is a text", async () => {
  await fc.assert(
    fc.asyncProperty(
      visits,
      fc.constantFrom("entry" as const, "exit" as const),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom("", "cart", "%", "'", "É", "nothing"),
      async (visited, side, limit, search) => {
        await using tree = await openTree(visited, []);
        const items: unknown[] = [];
        const request = { query: "sessions", fromMs: NOV_23, toMs: NOV_23 + 2 * HOUR_MS, side, search };
        for (let skip: number | null = 0; skip !== null; ) {
          const page = await tree.history.sessionPages({ ...request, limit, skip });
          assert.ok(page.items.length <= limit);
          items.push(...page.items);
          skip = page.next;
        }
        const ends = visited
          .map(([, row]) => ({
            ...row,
            page: (side === "entry" ? row.pages[0] : row.pages.at(-1)) as string,
          }))
          .filter(({ page }) => page.toLowerCase().includes(search.toLowerCase()));
        const pages = ranked(ends.map(({ page }) => [page, 1]));
        const expected = pages.map(([page, sessions]) => {
          const own = ends.filter((row) => row.page === page);
          return {
            page,
            sessions,
            bounces: own.filter(({ pages: seen }) => seen.length === 1).length,
            totalSeconds: exact(sum(own.map(({ seconds }) => seconds))),
          };
        });
        assert.deepEqual(items, expected);
        const { pages: count, sessions } = await tree.history.sessionPages({
          ...request,
          limit: 1,
          skip: 99,
        });
        assert.deepEqual([count, sessions], [pages.length, ends.length], "also behind the end");
      },
    ),
    { numRuns: RUNS },
  );
});

test("the flow has every transition once: between the busiest pages, and to and from all others", async () => {
  await fc.assert(
    fc.asyncProperty(moves, fc.integer({ min: 1, max: 8 }), async (moved, pages) => {
      await using tree = await openTree([], moved);
      const flow = await tree.history.flow({
        query: "transitions",
        fromMs: NOV_23,
        toMs: NOV_23 + 2 * HOUR_MS,
        pages,
      });
      const counted = new Map(
        moved
          .filter(([minute]) => minute % 5 === 0)
          .map(([minute, [from, to], times]) => [`${minute}\n${from}\n${to}`, { from, to, times }]),
      );
      const rows = [...counted.values()];
      assert.equal(flow.transitions, sum(rows.map(({ times }) => times)));
      assert.equal(flow.pairs, new Set(rows.map(({ from, to }) => `${from}\n${to}`)).size);
      const sources = ranked(rows.map(({ from, times }) => [from, times])).slice(0, pages);
      const targets = ranked(rows.map(({ to, times }) => [to, times])).slice(0, pages);
      const told = (side: typeof flow.sources) => side.map(({ page, transitions }) => [page, transitions]);
      assert.deepEqual([told(flow.sources), told(flow.targets)], [sources, targets]);
      const name = (names: typeof sources, place: number | null) => (place === null ? "" : names[place]?.[0]);
      const place = (names: typeof sources, page: string) =>
        names.some(([known]) => known === page) ? page : "";
      assert.deepEqual(
        new Map(
          flow.links.map(({ source, target, transitions }) => [
            `${name(sources, source)}\n${name(targets, target)}`,
            transitions,
          ]),
        ),
        new Map(
          ranked(
            rows.map(({ from, to, times }) => [`${place(sources, from)}\n${place(targets, to)}`, times]),
          ),
        ),
      );
      const times = flow.links.map(({ transitions }) => transitions);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => b - a),
        "most first",
      );
    }),
    { numRuns: RUNS },
  );
});

test("of long pages as many are told as there is room for, and the next page goes on there", async () => {
  const long = (name: string): string => `/${name}${"x".repeat(1_000_000)}`;
  const names = [..."abcdefghijkl"].map(long);
  const visited = names.map((page, minute): Visit => [minute, { seconds: 1, events: 1, pages: [page] }]);
  const moved = names.map((page, index): Move => [0, [page, names[(index + 1) % 12] as string], 12 - index]);
  await using tree = await openTree(visited, moved);
  const stretch = { fromMs: NOV_23, toMs: NOV_23 + HOUR_MS };
  const told: string[] = [];
  for (let skip: number | null = 0, asked = 0; skip !== null; asked++) {
    assert.ok(asked < 5);
    const request = { query: "sessions", ...stretch, side: "exit" as const, limit: 100, search: "" };
    const { items, next } = await tree.history.sessionPages({ ...request, skip });
    assert.ok(items.length > 0 && items.length < 12, `${items.length} told`);
    told.push(...items.map(({ page }) => page.slice(0, 2)));
    skip = next;
  }
  assert.equal(told.join(""), "/a/b/c/d/e/f/g/h/i/j/k/l");
  const flow = await tree.history.flow({ query: "transitions", ...stretch, pages: 20 });
  assert.deepEqual([flow.sources.length, flow.targets.length], [4, 4]);
  assert.equal(sum(flow.links.map(({ transitions }) => transitions)), flow.transitions);
});
