// Who may replay dead letters, and when. That letters are really sent is held by test/services/page-replay.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { problemSchema, type ReplayChoice, replayPlanSchema, replaySchema } from "../../src/web/api.ts";
import type { DeadLetterReplay } from "../../src/web/sources.ts";
import { ask, type Serving, serving } from "./serving.ts";

const TOKEN = "a-token-of-some-length";
const MEANT = { "content-type": "application/json", "x-requested-by": "clickstream" };
const PLANNED = {
  ...{ selected: 9, replayed: 1, exhausted: 1, truncated: 0, toSend: 7, late: 2, dead: {} },
  dedupe: true,
};

/** Writes down what it is told to send; what it is asked for ends when a test lets it. */
class WrittenDown implements DeadLetterReplay {
  toSend = PLANNED.toSend;
  readonly sent: ReplayChoice[] = [];
  hold: Promise<void> | undefined;
  aborted = false;

  async plan() {
    await this.hold;
    return { ...PLANNED, toSend: this.toSend };
  }

  async send(choice: ReplayChoice, signal: AbortSignal) {
    this.sent.push(choice);
    await this.hold;
    this.aborted = signal.aborted;
    return { ...PLANNED, sent: choice.limit, refused: 0, complete: !signal.aborted };
  }
}

const post = (s: Serving, path: string, body: unknown, headers: Record<string, string> = MEANT) =>
  ask(s, path, { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) });
const codeOf = ({ body }: { body: string }): string => problemSchema.parse(JSON.parse(body)).code;

async function plan(s: Serving): Promise<string> {
  const { status, body } = await post(s, "/api/replay/plan", { reason: "not_json" });
  assert.equal(status, 200, body);
  return replayPlanSchema.parse(JSON.parse(body)).confirmation!;
}

test("nothing is sent without a plan, and no more than the plan said, once", async () => {
  const replay = new WrittenDown();
  await using s = await serving({ replay });
  assert.equal(codeOf(await post(s, "/api/replay", { confirmation: "guessed" })), "UNCONFIRMED");
  const first = await plan(s);
  const second = await plan(s);
  assert.notEqual(first, second);
  assert.equal(
    codeOf(await post(s, "/api/replay", { confirmation: first })),
    "UNCONFIRMED",
    "of an older plan",
  );
  const done = await post(s, "/api/replay", { confirmation: second });
  assert.equal(replaySchema.parse(JSON.parse(done.body)).sent, 7);
  assert.deepEqual(replay.sent, [{ reason: "not_json", limit: 7 }]);
  assert.equal(
    codeOf(await post(s, "/api/replay", { confirmation: second })),
    "UNCONFIRMED",
    "a second time",
  );
  replay.toSend = 0;
  const { body } = await post(s, "/api/replay/plan", { reason: null });
  assert.equal(replayPlanSchema.parse(JSON.parse(body)).confirmation, null);
  assert.equal(replay.sent.length, 1);
});

/** Begins a replay that does not end before `resolve` is called. */
async function sendHeld(s: Parameters<typeof plan>[0], replay: WrittenDown) {
  const confirmation = await plan(s);
  const { promise, resolve } = Promise.withResolvers<void>();
  replay.hold = promise;
  const sending = post(s, "/api/replay", { confirmation });
  while (replay.sent.length === 0) await new Promise((next) => setTimeout(next, 5));
  return { confirmation, sending, resolve };
}

test("one thing at a time", async () => {
  const replay = new WrittenDown();
  await using s = await serving({ replay });
  const { confirmation, sending, resolve } = await sendHeld(s, replay);
  for (const path of ["/api/replay/plan", "/api/replay"] as const) {
    const refused = await post(s, path, path.endsWith("plan") ? { reason: null } : { confirmation });
    assert.deepEqual([refused.status, codeOf(refused)], [409, "REPLAY_RUNS"]);
  }
  resolve();
  assert.equal((await sending).status, 200);
  assert.equal(replay.sent.length, 1);
  await plan(s);
});

test("a server that ends lets a replay end in order", async () => {
  const replay = new WrittenDown();
  await using s = await serving({ replay });
  const { sending, resolve } = await sendHeld(s, replay);
  const stopped = s.server.stop();
  resolve();
  await stopped;
  assert.equal(replay.aborted, true);
  assert.equal(JSON.parse((await sending).body).complete, false);
});

test("only what was meant changes anything: no other method, no form, no page of another site", async () => {
  const replay = new WrittenDown();
  await using s = await serving({ replay });
  const confirmation = await plan(s);
  const own = `http://${s.url.host}`;
  const refusals: [number, string, Record<string, string>][] = [
    [403, "UNSAFE_REQUEST", {}],
    [403, "UNSAFE_REQUEST", { "content-type": "application/json" }],
    [403, "UNSAFE_REQUEST", { "content-type": "text/plain", "x-requested-by": "clickstream" }],
    [
      403,
      "UNSAFE_REQUEST",
      { "content-type": "application/x-www-form-urlencoded", "x-requested-by": "clickstream" },
    ],
    [403, "UNSAFE_REQUEST", { ...MEANT, "x-requested-by": "somebody" }],
    [403, "FOREIGN_ORIGIN", { ...MEANT, origin: "https://evil.example" }],
    [403, "FOREIGN_ORIGIN", { ...MEANT, origin: "null" }],
    [403, "FOREIGN_ORIGIN", { ...MEANT, "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" }],
    [403, "UNSAFE_REQUEST", { ...MEANT, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }],
    [403, "UNSAFE_REQUEST", { ...MEANT, "sec-fetch-site": "none" }],
    [421, "FOREIGN_HOST", { ...MEANT, host: "evil.example" }],
  ];
  for (const [status, code, headers] of refusals) {
    for (const path of ["/api/replay", "/api/replay/plan"]) {
      const answer = await post(s, path, { confirmation }, headers);
      assert.deepEqual([answer.status, codeOf(answer)], [status, code], `${path} ${JSON.stringify(headers)}`);
    }
  }
  for (const method of ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]) {
    const answer = await ask(s, "/api/replay", { method, headers: MEANT });
    assert.deepEqual([answer.status, answer.headers.allow], [405, "POST"], method);
    assert.equal(answer.headers["access-control-allow-origin"], undefined);
  }
  assert.equal((await post(s, "/api/replay?x=1", { confirmation })).status, 405, "only the plain path");
  assert.deepEqual(replay.sent, []);
  const browser = { ...MEANT, origin: own, "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" };
  assert.equal((await post(s, "/api/replay", { confirmation }, browser)).status, 200);
});

test("what is asked for is bounded, and named when it can't be", async () => {
  const replay = new WrittenDown();
  await using s = await serving({ replay });
  for (const [body, status, parameter] of [
    [{}, 400, "reason"],
    [{ reason: "" }, 400, "reason"],
    [{ reason: "x".repeat(201) }, 400, "reason"],
    [{ reason: null, limit: 0 }, 400, "limit"],
    [{ reason: null, limit: 10_001 }, 400, "limit"],
    [{ reason: null, dryRun: false }, 400, "dryRun"],
    ["{", 400, undefined],
    ["", 400, undefined],
    ["null", 400, ""],
    [{ reason: "x".repeat(2_000) }, 413, undefined],
  ] as const) {
    const answer = await post(s, "/api/replay/plan", body);
    const { parameters } = problemSchema.parse(JSON.parse(answer.body));
    assert.deepEqual(
      [answer.status, parameters?.[0]?.name],
      [status, parameter],
      JSON.stringify(body).slice(0, 60),
    );
  }
  assert.deepEqual(s.errors, []);
});

test("with a token it is needed here too, and without brokers nothing can be replayed", async () => {
  await using guarded = await serving({ token: TOKEN, replay: new WrittenDown() });
  const ours = { ...MEANT, host: "any.example" };
  assert.equal((await post(guarded, "/api/replay/plan", { reason: null }, ours)).status, 401);
  const bearer = { ...ours, authorization: `Bearer ${TOKEN}` };
  assert.equal((await post(guarded, "/api/replay/plan", { reason: null }, bearer)).status, 200);

  await using s = await serving();
  const refused = await post(s, "/api/replay/plan", { reason: null });
  assert.deepEqual([refused.status, codeOf(refused)], [409, "REPLAY_IMPOSSIBLE"]);
});

test("the OpenAPI document tells how to ask", async () => {
  await using s = await serving();
  const { paths } = JSON.parse((await ask(s, "/api/openapi.json")).body);
  const { post: operation } = paths["/api/replay/plan"];
  assert.deepEqual(operation.requestBody.content["application/json"].schema.required, ["reason"]);
  assert.equal(operation.parameters[0].name, "x-requested-by");
  assert.ok("post" in paths["/api/replay"] && !("get" in paths["/api/replay"]));
});
