// The examples of other producers' events: each config with its events, against rows counted by hand and the oracle.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readConfigFile } from "../../src/app/config/config-file.ts";
import { readConfig } from "../../src/app/config.ts";
import { judge } from "../../src/events/judge.ts";
import { oracleVerdict } from "../../src/oracle/verdict.ts";
import { type Row, testPipeline } from "../../src/testing/api.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples", import.meta.url));
const eventsOf = (example: string): string[] =>
  readFileSync(join(EXAMPLES, example, "events.ndjson"), "utf8")
    .trimEnd()
    .split("\n");

/** Rows of the window that holds all events, which are a minute long from 08:05 on, and the reasons of dead letters. */
async function process(
  example: string,
): Promise<{ rows: (query: string) => Promise<Row[]>; dead: string[] }> {
  const file = await readConfigFile(join(EXAMPLES, example));
  assert(file !== undefined);
  const pipeline = testPipeline(file.values, { now: "2026-11-23T08:10:00Z" });
  await pipeline.feed(eventsOf(example));
  await pipeline.finish();
  const rows = async (query: string): Promise<Row[]> =>
    (await pipeline.rows(query)).filter(({ window_start }) => window_start === "2026-11-23T08:05:00.000Z");
  const rejected = await pipeline.deadLetters();
  return { rows, dead: rejected.map(({ reason }) => reason) };
}

const columns = (rows: Row[], ...names: string[]): unknown[][] =>
  rows.map((row) => names.map((name) => row[name]));

test("Segment: pages, clicks and screens by page", async () => {
  const { rows, dead } = await process("segment");
  assert.deepEqual(dead, ["unknown_action"]);
  assert.deepEqual(columns(await rows("url_counts"), "url", "events", "users", "clicks", "views"), [
    ["(app)", 3, 3, 0, 3],
    ["https://shop.example/", 6, 3, 0, 6],
    ["https://shop.example/cart", 9, 3, 3, 6],
    ["https://shop.example/shoes", 6, 3, 6, 0],
  ]);
  assert.deepEqual(columns(await rows("browser_counts"), "device_type", "browser", "events"), [
    ["desktop", "analytics.js", 21],
    ["mobile", "analytics-ios", 3],
  ]);
});

test("Segment: revenue by page, where doubles would make 49.839999999999996 of 19.90 + 24.95 + 4.99", async () => {
  const { rows } = await process("segment");
  assert.deepEqual(columns(await rows("page_revenue"), "url", "revenue", "largest"), [
    ["(app)", 0, 0],
    ["https://shop.example/", 0, 0],
    ["https://shop.example/cart", 49.84, 24.95],
    ["https://shop.example/shoes", 0, 0],
  ]);
});

test("PostHog: properties with a dollar, custom actions", async () => {
  const { rows, dead } = await process("posthog");
  assert.deepEqual(dead, ["unknown_action"]);
  assert.deepEqual(columns(await rows("browser_counts"), "device_type", "browser", "events", "sessions"), [
    ["desktop", "Chrome", 8, 1],
    ["desktop", "Firefox", 8, 1],
    ["mobile", "Mobile Safari", 8, 1],
  ]);
  assert.deepEqual(columns(await rows("window_totals"), "events", "users", "sessions"), [[24, 3, 3]]);
});

test("countries, an extra field of PostHog's and Snowplow's events", async () => {
  const counts = async (example: string): Promise<unknown[][]> => {
    const { rows } = await process(example);
    return columns(await rows("country_counts"), "country", "events", "users", "views");
  };
  assert.deepEqual(await counts("posthog"), [
    ["DE", 16, 2, 8],
    ["TR", 8, 1, 4],
  ]);
  assert.deepEqual(await counts("snowplow"), [
    ["DE", 18, 3, 6],
    ["TR", 6, 3, 2],
  ]);
});

test("Snowplow: nulls where an enrichment found nothing", async () => {
  const { rows, dead } = await process("snowplow");
  assert.deepEqual(dead, ["wrong_type:user_id"]);
  assert.deepEqual(columns(await rows("browser_counts"), "device_type", "browser", "events"), [
    ["desktop", "Chrome", 8],
    ["mobile", "Chrome", 8],
    ["tablet", "Chrome", 4],
    ["tablet", "unknown", 4],
  ]);
  assert.deepEqual(columns(await rows("user_activity"), "user_id", "views", "scrolls", "clicks"), [
    ["duid-ann", 8, 0, 0],
    ["duid-bob", 0, 8, 0],
    ["duid-cem", 0, 0, 8],
  ]);
});

for (const example of ["segment", "posthog", "snowplow"]) {
  test(`${example}: the oracle reads every event as the engine does`, async () => {
    const folder = join(EXAMPLES, example);
    const { rules } = await readConfig({ command: "process", flags: {}, env: {}, cores: 1, folder });
    for (const event of eventsOf(example)) {
      assert.deepEqual(oracleVerdict(Buffer.from(event), rules), judge(Buffer.from(event), rules), event);
    }
  });
}
