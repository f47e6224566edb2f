import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { pipelineSchema, problemSchema, queriesSchema, topSchema, windowsSchema } from "../../src/web/api.ts";
import { startWebServer } from "../../src/web/server.ts";
import { ask, askRaw, StillPipeline, serving } from "./serving.ts";

const TOKEN = "a-token-of-some-length";

test("every answer is what the contract says, with the headers that keep others out", async () => {
  await using s = await serving();
  for (const [path, schema] of [
    ["/api/queries", queriesSchema],
    ["/api/windows?query=pages&limit=3", windowsSchema],
    ["/api/top?query=pages&points=5", topSchema],
    ["/api/pipeline", pipelineSchema],
  ] as const) {
    const { status, headers, body } = await ask(s, path);
    assert.equal(status, 200, body);
    schema.parse(JSON.parse(body));
    assert.match(String(headers["content-security-policy"]), /^default-src 'none'; script-src 'self';/);
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["cache-control"], "no-store");
  }
  const html = await ask(s, "/");
  assert.match(html.body, /<!doctype html>/i);
  assert.match(String(html.headers["content-type"]), /^text\/html/);
});

test("the OpenAPI document names every route and every bound", async () => {
  await using s = await serving();
  const document = JSON.parse((await ask(s, "/api/openapi.json")).body);
  assert.equal(document.openapi, "3.1.0");
  assert.deepEqual(Object.keys(document.paths).sort(), [
    "/api/flow",
    "/api/live",
    "/api/pipeline",
    "/api/queries",
    "/api/replay",
    "/api/replay/plan",
    "/api/sessions",
    "/api/sessions/pages",
    "/api/top",
    "/api/users/{id}",
    "/api/windows",
    "/livez",
    "/metrics",
    "/readyz",
  ]);
  const names = document.paths["/api/windows"].get.parameters.map(({ name }: { name: string }) => name);
  assert.deepEqual(names, ["query", "from", "to", "step", "limit", "cursor"]);
  const { schema } = document.paths["/api/windows"].get.responses[200].content["application/json"];
  assert.deepEqual(schema.required, ["query", "fromMs", "toMs", "rows", "nextCursor"]);
});

test("a time that is none is told what a time looks like", async () => {
  await using s = await serving();
  const { body } = await ask(s, "/api/windows?query=pages&from=yesterday");
  assert.match(body, /from: a time: RFC 3339 with a zone, or ms since the epoch/);
});

test("what can't be answered is a problem with a code, and names the parameter", async () => {
  await using s = await serving();
  for (const [path, status, code, parameter] of [
    ["/api/windows", 400, "BAD_PARAMETER", "query"],
    ["/api/windows?query=pages&limit=0", 400, "BAD_PARAMETER", "limit"],
    ["/api/windows?query=pages&limit=10001", 400, "BAD_PARAMETER", "limit"],
    ["/api/windows?query=pages&limit=1&limit=2", 400, "BAD_PARAMETER", "limit"],
    ["/api/windows?query=pages&from=yesterday", 400, "BAD_PARAMETER", "from"],
    ["/api/windows?query=pages&from=5&to=4", 400, "BAD_PARAMETER", "from"],
    ["/api/windows?query=pages&step=1ms", 400, "BAD_PARAMETER", "step"],
    ["/api/windows?query=pages&cursor=x", 400, "BAD_PARAMETER", "cursor"],
    ["/api/windows?query=pages&colour=red", 400, "BAD_PARAMETER", "colour"],
    ["/api/windows?query=../../etc", 400, "BAD_PARAMETER", "query"],
    ["/api/windows?query=nothing", 404, "UNKNOWN_QUERY", undefined],
    ["/api/top?query=pages&by=last_seen", 400, "BAD_PARAMETER", "by"],
    ["/api/users/someone", 404, "UNKNOWN_QUERY", undefined],
    ["/%zz", 400, "BAD_REQUEST", undefined],
    ["/..%2f..%2fetc/passwd", 404, "NOT_FOUND", undefined],
  ] as const) {
    const { status: got, headers, body } = await ask(s, path);
    const problem = problemSchema.parse(JSON.parse(body));
    assert.deepEqual([got, problem.code, problem.parameters?.[0]?.name], [status, code, parameter], path);
    assert.match(String(headers["content-type"]), /^application\/problem\+json/, path);
  }
  assert.match(
    await askRaw(s, Buffer.from("\0\u0001nonsense\r\n\r\n")),
    /^HTTP\/1\.1 400 .*"code":"BAD_REQUEST"/s,
  );
  assert.deepEqual(s.errors, []);
});

test("only this machine's names are answered, and no page of another site", async () => {
  await using s = await serving();
  const port = s.url.port;
  const status = async (headers: Record<string, string>, method = "GET"): Promise<number> =>
    (await ask(s, "/api/queries", { headers, method })).status;
  assert.equal(await status({ host: `localhost:${port}` }), 200);
  assert.equal(await status({ host: "127.0.0.1" }), 200);
  assert.equal(await status({ host: `[::1]:${port}` }), 200);
  assert.equal(await status({ host: "evil.example" }), 421);
  assert.equal(await status({ host: "localhost.evil.example" }), 421);
  assert.equal(await status({ host: `127.0.0.1:${port}`, origin: `http://127.0.0.1:${port}` }), 200);
  assert.equal(await status({ host: `127.0.0.1:${port}`, origin: "https://evil.example" }), 403);
  assert.equal(await status({ host: `127.0.0.1:${port}`, origin: "null" }), 403);
  assert.equal(
    await status({ host: "localhost", "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }),
    403,
  );
  assert.equal(
    await status({ host: "localhost", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }),
    200,
  );
  assert.equal(await status({ host: "localhost" }, "POST"), 405);
  assert.equal(await status({ host: "localhost" }, "HEAD"), 200);
});

test("with a token nothing but health is told without it", async () => {
  await using s = await serving({ token: TOKEN });
  const status = async (path: string, authorization?: string, host = "any.example"): Promise<number> =>
    (await ask(s, path, { headers: { host, ...(authorization === undefined ? {} : { authorization }) } }))
      .status;
  for (const path of ["/", "/api/queries", "/api/live", "/metrics", "/nothing", "/api/openapi.json"]) {
    assert.equal(await status(path), 401, path);
  }
  assert.equal(await status("/livez"), 200);
  assert.equal(await status("/livez?x"), 401, "only the plain path is free");
  assert.equal(await status("/api/queries", `Bearer ${TOKEN}`), 200);
  assert.equal(await status("/api/queries", `Bearer ${TOKEN}x`), 401);
  assert.equal(await status("/api/queries", `Basic ${btoa(`anyone:${TOKEN}`)}`), 200);
  assert.equal(await status("/api/queries", `Basic ${btoa("anyone:wrong")}`), 401);
  assert.match(
    String((await ask(s, "/", { headers: { host: "any.example" } })).headers["www-authenticate"]),
    /^Basic realm=/,
  );
});

test("readiness follows the pipeline", async () => {
  await using s = await serving();
  assert.equal((await ask(s, "/readyz")).status, 200);
  s.pipeline.now = { ...s.pipeline.now, status: "starting" };
  const { status, body } = await ask(s, "/readyz");
  assert.deepEqual([status, JSON.parse(body)], [503, { ok: false, checks: { engine: "starting" } }]);
});

test("a taken port is moved away from where that is allowed, and named where not", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const options = {
    host: "127.0.0.1",
    port,
    token: undefined,
    clock: systemClock,
    version: "0",
    pipeline: new StillPipeline(),
    history: undefined as never,
    ready: () => ({ ok: true, checks: {} }),
    metrics: async () => ({ text: "", contentType: "text/plain" }),
    onError: () => {},
  };
  try {
    const moved = await startWebServer({ ...options, orAnyPort: true });
    assert.ok(moved.moved && new URL(moved.url).port !== String(port));
    await moved.stop();
    await assert.rejects(startWebServer({ ...options, orAnyPort: false }), { code: "ADDRESS_TAKEN" });
  } finally {
    other.close();
  }
});
