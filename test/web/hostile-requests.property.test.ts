import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { SESSION_QUERIES, sessionsWindow, transitionsWindow } from "../history/session-trees.ts";
import { MINUTE_MS, NOV_23, PAGES, TOTALS, writeWindows } from "../history/trees.ts";
import { ask, askRaw, serving } from "./serving.ts";

const SECRET = "the-secret-beside-the-results";
const RUNS = 300;

/** What attackers write, beside what chance writes. */
const nasty = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom(
    "' OR 1=1 --",
    "'; DROP VIEW pages; --",
    "\" UNION SELECT * FROM read_text('secret.txt') --",
    "read_csv('secret.txt')",
    "../secret.txt",
    "..%2f..%2fsecret.txt",
    "%00",
    "$where",
    "__proto__",
    "constructor",
    "1e309",
    "-1",
    "99999999999999999999",
    "9999-12-31T23:59:59.999Z",
    "1970-01-01T00:00:00Z",
    "2026-11-23T00:00:00Z",
    "0.999999999",
    "9".repeat(400),
    "%".repeat(200),
    "a".repeat(3_000),
  ),
);
const parameter = fc.tuple(
  fc.oneof(
    fc.constantFrom(
      ...["query", "by", "from", "to", "step", "limit", "cursor", "search", "points", "side", "pages"],
      "__proto__",
    ),
    nasty,
  ),
  fc.oneof(nasty, fc.constantFrom("pages", "totals", "events", "entry", "exit", "1", "10", "5m", "0")),
);
const path = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        ...["/api/queries", "/api/windows", "/api/top", "/api/pipeline", "/api/users/u", "/readyz"],
        ...["/api/sessions", "/api/sessions/pages", "/api/flow"],
      ),
      fc.array(parameter, { maxLength: 6 }),
    )
    .map(
      ([route, parameters]) =>
        `${route}?${parameters.map((pair) => pair.map(encodeURIComponent).join("=")).join("&")}`,
    ),
  nasty.map((text) => `/api/users/${encodeURIComponent(text)}`),
  nasty.map((text) => `/${text.replace(/[^\x21-\x7e]/g, "%41")}`),
);

const encodable = (text: string): boolean => text.isWellFormed();

test("no request reads a file, breaks the server, or gets an answer that is not JSON", async () => {
  await using s = await serving();
  const visit = { id: "a session", seconds: 3, events: 2, pages: ["/", "/cart"] };
  const ended = [sessionsWindow(NOV_23, [visit]), transitionsWindow(NOV_23, [["/", "/cart", 1]])];
  await writeWindows(s.output, ended, NOV_23 + 120 * MINUTE_MS, [PAGES, TOTALS, ...SESSION_QUERIES]);
  await writeFile(join(s.output, "secret.txt"), SECRET);
  await fc.assert(
    fc.asyncProperty(path.filter(encodable), async (asked) => {
      const { status, headers, body } = await ask(s, asked);
      assert.ok([200, 400, 404, 414, 431, 503].includes(status), `${status} for ${asked}: ${body}`);
      if (status !== 503 || !asked.startsWith("/readyz")) {
        const expected = status === 200 ? /json|html/ : /^application\/problem\+json/;
        assert.match(String(headers["content-type"]), expected, asked);
      }
      assert.ok(!body.includes(SECRET), asked);
    }),
    { numRuns: RUNS },
  );
  assert.deepEqual(s.errors, []);
  const { body } = await ask(s, "/api/windows?query=totals&limit=1000");
  assert.equal(JSON.parse(body).rows.length, 60, "the results are as they were");
});

test("bytes that are no HTTP do no harm", async () => {
  await using s = await serving();
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300 }),
    fc
      .tuple(nasty, nasty, nasty)
      .map(([target, name, value]) =>
        Buffer.from(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${name}: ${value}\r\n\r\n`),
      ),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (sent) => {
      const answer = await askRaw(s, Buffer.from(sent)).catch((error: NodeJS.ErrnoException) => {
        assert.match(String(error.code), /ECONNRESET|EPIPE/);
        return "";
      });
      assert.doesNotMatch(answer, /^HTTP\/1\.1 5(?!03)/);
    }),
    { numRuns: RUNS },
  );
  assert.equal((await ask(s, "/livez")).status, 200);
  assert.deepEqual(s.errors, []);
});

test("many questions at once wait or are turned away, and the pipeline is told meanwhile", async () => {
  await using s = await serving();
  await ask(s, "/api/queries");
  const many = Array.from({ length: 120 }, () => ask(s, "/api/top?query=pages&points=120&limit=100"));
  const pipeline = await ask(s, "/api/pipeline");
  assert.equal(pipeline.status, 200);
  const statuses = new Set((await Promise.all(many)).map(({ status }) => status));
  assert.deepEqual([...statuses].sort(), [200, 503]);
});
