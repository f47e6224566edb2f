import assert from "node:assert/strict";
import { test } from "node:test";
import { problemSchema } from "../../src/web/api.ts";
import { flowSchema, sessionPagesSchema, sessionsSchema } from "../../src/web/sessions-contract.ts";
import { SESSION_QUERIES, sessionsWindow, transitionsWindow } from "../history/session-trees.ts";
import { MINUTE_MS, NOV_23, writeWindows } from "../history/trees.ts";
import { ask, type Serving, serving } from "./serving.ts";

/** A server over two hours in which every minute two sessions end. */
async function servingSessions(): Promise<Serving> {
  const s = await serving();
  const windows = Array.from({ length: 120 }, (_, minute) => NOV_23 + minute * MINUTE_MS).flatMap(
    (startMs) => [
      sessionsWindow(startMs, [
        { id: `one of ${startMs}`, seconds: 65.5, events: 7, pages: ["/", "/cart"] },
        { id: `two of ${startMs}`, seconds: 0, events: 1, pages: ["/"] },
      ]),
      transitionsWindow(startMs, [["/", "/cart", 1]]),
    ],
  );
  await writeWindows(s.output, windows, NOV_23 + 121 * MINUTE_MS, SESSION_QUERIES);
  return s;
}

test("sessions, their pages and their flow are answered as the contract says, of the last hour unless told", async () => {
  await using s = await servingSessions();
  const read = async (path: string): Promise<unknown> => {
    const { status, body } = await ask(s, path);
    assert.equal(status, 200, body);
    return JSON.parse(body);
  };
  const sessions = sessionsSchema.parse(await read("/api/sessions"));
  assert.deepEqual(
    [sessions.query, sessions.gapMs, sessions.fromMs, sessions.toMs, sessions.sessions, sessions.bounces],
    ["sessions", 30 * MINUTE_MS, NOV_23 + 59 * MINUTE_MS + 1, NOV_23 + 119 * MINUTE_MS + 1, 120, 60],
  );
  const exits = sessionPagesSchema.parse(await read("/api/sessions/pages?side=exit&limit=1"));
  assert.deepEqual(exits.items, [{ page: "/", sessions: 60, bounces: 60, totalSeconds: 0 }]);
  const rest = sessionPagesSchema.parse(
    await read(`/api/sessions/pages?side=exit&limit=1&cursor=${exits.nextCursor}`),
  );
  assert.deepEqual(
    [rest.items, rest.nextCursor],
    [[{ page: "/cart", sessions: 60, bounces: 0, totalSeconds: 3_930 }], null],
  );
  const flow = flowSchema.parse(await read(`/api/flow?from=${NOV_23}`));
  assert.deepEqual(
    [flow.stepMs, flow.transitions, flow.pairs, flow.links],
    [5 * MINUTE_MS, 24, 1, [{ source: 0, target: 0, transitions: 24 }]],
  );
});

test("every parameter of them has its bound, and its own word when it can't be used", async () => {
  await using s = await servingSessions();
  for (const [path, parameter] of [
    ["/api/sessions?from=yesterday", "from"],
    ["/api/sessions?from=5&to=4", "from"],
    ["/api/sessions?from=1&from=2", "from"],
    ["/api/sessions?limit=1", "limit"],
    ["/api/sessions?query=sessions", "query"],
    ["/api/sessions/pages", "side"],
    ["/api/sessions/pages?side=middle", "side"],
    ["/api/sessions/pages?side=entry_page%20FROM%20x", "side"],
    ["/api/sessions/pages?side=entry&limit=0", "limit"],
    ["/api/sessions/pages?side=entry&limit=101", "limit"],
    ["/api/sessions/pages?side=entry&cursor=100001", "cursor"],
    ["/api/sessions/pages?side=entry&cursor=-1", "cursor"],
    ["/api/sessions/pages?side=entry&cursor=1.5", "cursor"],
    [`/api/sessions/pages?side=entry&search=${"a".repeat(201)}`, "search"],
    ["/api/flow?pages=0", "pages"],
    ["/api/flow?pages=21", "pages"],
    ["/api/flow?to=99999999999999999", "to"],
    ["/api/flow?__proto__=1", "__proto__"],
  ] as const) {
    const { status, body } = await ask(s, path);
    const problem = problemSchema.parse(JSON.parse(body));
    assert.deepEqual(
      [status, problem.code, problem.parameters?.[0]?.name],
      [400, "BAD_PARAMETER", parameter],
      path,
    );
  }
  assert.deepEqual(s.errors, []);
});

test("an output without whole sessions says so", async () => {
  await using s = await serving();
  for (const path of ["/api/sessions", "/api/sessions/pages?side=entry", "/api/flow"]) {
    const { status, body } = await ask(s, path);
    const problem = problemSchema.parse(JSON.parse(body));
    assert.deepEqual([status, problem.code], [404, "UNKNOWN_QUERY"], path);
    assert.match(problem.detail, /--sessions/);
  }
});

test("the OpenAPI document tells their bounds", async () => {
  await using s = await servingSessions();
  const { paths } = JSON.parse((await ask(s, "/api/openapi.json")).body);
  const names = (path: string): string[] =>
    paths[path].get.parameters.map(({ name }: { name: string }) => name);
  assert.deepEqual(names("/api/sessions"), ["from", "to"]);
  assert.deepEqual(names("/api/sessions/pages"), ["side", "from", "to", "limit", "cursor", "search"]);
  assert.deepEqual(names("/api/flow"), ["from", "to", "pages"]);
});
