// Rules over rows that are not of the standard queries, replayed over a real tree.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { QueryRule } from "../../../src/alerts/rule.ts";
import { ruleTestText } from "../../../src/app/alerting/alerts-text.ts";
import { testRule } from "../../../src/app/alerting/test-rule.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { UsageError } from "../../../src/core/errors.ts";
import { arrivalsQuery } from "../../../src/queries/arrivals.ts";
import { DEFAULT_WINDOWS } from "../../../src/queries/plan.ts";
import { sessionQueries } from "../../../src/queries/sessions.ts";
import { MINUTE_MS, NOV_23, windowOf, writeWindows } from "../../history/trees.ts";
import { temporaryFolder } from "../../sinks/temporary-folder.ts";

const QUERIES = [...sessionQueries(30 * MINUTE_MS, DEFAULT_WINDOWS), arrivalsQuery(DEFAULT_WINDOWS)];
const told = { name: "watched", severity: "warning", note: null, kind: "query" } as const;

/** What a rule comes to over windows of one query; the times are those of windows' ends, in minutes. */
async function changesOf(
  rule: Omit<QueryRule, keyof typeof told | "query">,
  query: string,
  windows: readonly { minute: number; sizeMs: number; rows: readonly object[] }[],
): Promise<string[]> {
  await using folder = await temporaryFolder();
  const entries = windows.map(({ minute, sizeMs, rows }) =>
    windowOf(query, NOV_23 + minute * MINUTE_MS, rows, sizeMs),
  );
  await writeWindows(folder.path, entries, NOV_23 + 60 * MINUTE_MS, QUERIES);
  const rules = [{ ...told, ...rule, query }];
  const asked = { rules, rule: told.name, output: folder.path, fromMs: null, toMs: null };
  const { changes } = await testRule(asked, systemClock);
  return changes.map(
    ({ change, atMs, key }) => `${(atMs - NOV_23) / MINUTE_MS} ${change} ${Object.values(key).join(" ")}`,
  );
}

test("an expectation that fails for three windows fires, each by itself; what is not known fails nothing", async () => {
  const quality = (minute: number, oks: Record<string, boolean | null>) => ({
    ...{ minute, sizeMs: 5 * MINUTE_MS },
    rows: Object.entries(oks).map(([key, ok]) => ({ expectation: "volume", key, value: 1, ok })),
  });
  const rule = {
    where: {},
    measure: "ok",
    forMs: 10 * MINUTE_MS,
    condition: { kind: "below", limit: 1 },
  } as const;
  const windows = [
    quality(0, { a: null, b: false }),
    quality(5, { a: false, b: false }),
    quality(10, { a: false, b: true }),
    quality(15, { a: false, b: false }),
    quality(20, { b: false }), // nothing is said of a: it is no longer known to fail
  ];
  assert.deepEqual(await changesOf(rule, "data_quality", windows), [
    "5 pending volume b",
    "10 pending volume a",
    "15 cleared volume b",
    "20 firing volume a",
    "20 pending volume b",
    "25 resolved volume a",
    "30 cleared volume b",
  ]);
});

test("sessions and transitions are watched by their own windows and keys", async () => {
  const session = (minute: number, rows: Record<string, number>) => ({
    ...{ minute, sizeMs: MINUTE_MS },
    rows: Object.entries(rows).map(([session_id, events]) => ({ session_id, events, entry_page: "/" })),
  });
  const busy = { where: {}, measure: "events", forMs: 0, condition: { kind: "above", limit: 100 } } as const;
  assert.deepEqual(
    await changesOf(busy, "sessions", [session(3, { robot: 101, ann: 100 }), session(4, { ann: 7 })]),
    ["4 firing robot", "5 resolved robot"],
  );
  const moved = (minute: number, transitions: number) => ({
    ...{ minute, sizeMs: 5 * MINUTE_MS },
    rows: [
      { from_page: "/", to_page: "/cart", transitions },
      { from_page: "/cart", to_page: "/", transitions: 1 },
    ],
  });
  const where = { from_page: "/", to_page: "/cart" };
  const few = {
    where,
    measure: "transitions",
    forMs: MINUTE_MS,
    condition: { kind: "below", limit: 5 },
  } as const;
  assert.deepEqual(
    await changesOf(few, "transitions", [moved(0, 9), moved(1, 4), moved(2, 4), moved(3, 5)]),
    ["6 pending / /cart", "7 firing / /cart", "8 resolved / /cart", "9 pending / /cart", "10 firing / /cart"],
  );
});

test("where nothing was tried, that is said; a stretch without time is refused", async () => {
  await using folder = await temporaryFolder();
  const rows = [{ session_id: "robot", events: 101 }];
  const windows = [windowOf("sessions", NOV_23, rows, MINUTE_MS)];
  await writeWindows(folder.path, windows, NOV_23 + 60 * MINUTE_MS, QUERIES);
  const condition = { kind: "above", limit: 100 } as const;
  const rule: QueryRule = { ...told, query: "sessions", where: {}, measure: "events", forMs: 0, condition };
  const tried = async (fromMs: number | null, toMs: number | null): Promise<string> => {
    const asked = { rules: [rule], rule: told.name, output: folder.path, fromMs, toMs };
    return ruleTestText(await testRule(asked, systemClock))
      .split("\n")
      .at(-1)!;
  };
  assert.equal(await tried(null, NOV_23 + MINUTE_MS), "fires 1 time in 1 window; 1 at the end");
  assert.equal(
    await tried(NOV_23 + 60 * MINUTE_MS, null),
    "nothing was tried: no final window of sessions with rows ends there; windows are final through 2026-11-23T01:00:00Z",
  );
  for (const toMs of [NOV_23, NOV_23 - 1]) await assert.rejects(tried(NOV_23, toMs), UsageError);
});
