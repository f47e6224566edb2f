import assert from "node:assert/strict";
import { test } from "node:test";
import { type User, userSchema } from "../../src/web/api.ts";
import { MINUTE_MS, NOV_23, VISITORS, visitorsWindow, writeWindows } from "../history/trees.ts";
import { ask, type Serving, serving } from "./serving.ts";

const MINUTES = 12;

/** Ann has minute + 1 events in each window, and nobody else's name is like hers. */
async function withVisitors(s: Serving): Promise<void> {
  const windows = Array.from({ length: MINUTES }, (_, minute) =>
    visitorsWindow(NOV_23 + minute * MINUTE_MS, { ann: minute + 1, "ann%": 100, "é/?#": minute }),
  );
  await writeWindows(s.output, windows, NOV_23 + 60 * MINUTE_MS, [VISITORS]);
}

async function user(s: Serving, id: string, query = ""): Promise<User> {
  const { status, body } = await ask(s, `/api/users/${encodeURIComponent(id)}${query}`);
  assert.equal(status, 200, body);
  return userSchema.parse(JSON.parse(body));
}

test("one user's windows come latest first, page by page, with totals over windows that do not overlap", async () => {
  await using s = await serving();
  await withVisitors(s);
  const whole = await user(s, "ann");
  assert.equal(whole.user, "ann");
  assert.equal(whole.query, "visitors");
  assert.deepEqual(
    whole.windows.map(({ events }) => events),
    Array.from({ length: MINUTES }, (_, minute) => MINUTES - minute),
  );

  const pages: User[] = [];
  for (let next: string | null = ""; next !== null; next = pages.at(-1)?.nextCursor ?? null)
    pages.push(await user(s, "ann", `?limit=5${next === "" ? "" : `&cursor=${encodeURIComponent(next)}`}`));
  assert.deepEqual(
    pages.map(({ windows }) => windows.length),
    [5, 5, 2],
  );
  assert.deepEqual(
    pages.flatMap(({ windows }) => windows),
    whole.windows,
  );

  // They are five minutes long, one begins each minute: those that begin with every fifth are counted.
  const counted = whole.windows.filter((_, index) => (MINUTES - 1 - index) % 5 === 0);
  assert.equal(
    whole.totals.events,
    counted.reduce((sum, { events }) => sum + Number(events), 0),
  );
});

test("a user's name is taken as it is, and one without rows is not found", async () => {
  await using s = await serving();
  await withVisitors(s);
  assert.equal((await user(s, "é/?#")).windows.length, MINUTES);
  assert.equal((await user(s, "ann%")).windows[0]?.events, 100);
  const { status, body } = await ask(s, "/api/users/an");
  assert.deepEqual([status, JSON.parse(body).code], [404, "NOT_FOUND"]);
});
