// Queries over fields of the user's own: the engine's rows against the oracle's.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ClickstreamConfig } from "../../src/app/config/define-config.ts";
import { configOf, pipelineSettings } from "../../src/app/config.ts";
import { Oracle } from "../../src/oracle/oracle.ts";
import { count, countDistinct, countWhere, max, min, query, sum, timeSpan } from "../../src/queries/query.ts";
import { testPipeline } from "../../src/testing/api.ts";
import { numberTokens } from "../events/mappings.ts";

const CONFIG: ClickstreamConfig = {
  fields: { user_id: "user.id" },
  extraFields: {
    plan: { path: "user.plan", default: "free", map: { PRO: "pro" } },
    country: "geo.country",
    price: { path: "cart.price", type: "number", default: 0.5 },
  },
  standardQueries: false,
  queries: [
    query("countries", {
      by: ["country", "url"],
      measures: { events: count(), plans: countDistinct("plan"), pro: countWhere("plan", "pro") },
    }),
    query("plans", {
      by: ["plan"],
      measures: {
        countries: countDistinct("country"),
        seconds: timeSpan("country", "longest"),
        revenue: sum("price"),
      },
    }),
    query("prices", { by: ["url"], measures: { least: min("price"), greatest: max("price") } }),
    query("all", {
      by: [],
      measures: {
        germans: countWhere("country", "DE"),
        users: countDistinct("user_id"),
        revenue: sum("price"),
        least: min("price"),
        greatest: max("price"),
      },
    }),
  ],
};
const START_MS = Date.UTC(2026, 0, 1, 0, 5);

const event = fc
  .record({
    user: fc.constantFrom("u1", "u2", "u3"),
    plan: fc.constantFrom<unknown>("pro", "PRO", null, undefined, "team", 7),
    country: fc.constantFrom<unknown>("DE", "TR", "\u{1f600}", "\uffee", "FR", "", undefined),
    url: fc.constantFrom("/", "/a"),
    afterMs: fc.nat(200_000),
    price: fc.oneof(
      { weight: 4, arbitrary: numberTokens },
      fc.constantFrom("null", '"5"', "999999999999.999999"),
    ),
  })
  .map(({ user, plan, country, url, afterMs, price }) =>
    JSON.stringify({
      event_id: "e",
      user: { id: user, plan },
      session_id: "s",
      url,
      action: "view",
      timestamp: START_MS + afterMs,
      device_type: "mobile",
      browser: "b",
      geo: { country },
      cart: { price: "~" },
    }).replace('"~"', price),
  );

test("rows by extra fields are the oracle's, whatever the events", async () => {
  const file = { path: "the config", values: { ...CONFIG } };
  const { windows, rules, queries } = pipelineSettings(
    configOf({ command: "process", flags: {}, env: {}, file, cores: 1 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 60 }), async (values) => {
      const pipeline = testPipeline(CONFIG, { now: "2026-01-01T00:20:00Z" });
      await pipeline.feed(values);
      await pipeline.finish();
      const closed = await pipeline.closedThrough();
      const oracle = new Oracle({
        format: 1,
        engine: "embedded",
        topic: { name: "t", id: "t" },
        windows,
        rules,
        queries,
        closedThroughMs: closed?.getTime() ?? null,
        partitions: [
          {
            partition: 0,
            startOffset: 0,
            position: values.length,
            greatestMs: null,
            floors: [],
            lost: [],
            ...{ read: 0, counted: 0, late: 0, dead: {} },
          },
        ],
      });
      values.forEach((value, offset) => {
        const timestampMs = Date.parse("2026-01-01T00:20:00Z");
        oracle.add({ partition: 0, offset, timestampMs, value: Buffer.from(value) });
      });
      oracle.finish(0);
      const expected = oracle.takeComplete();
      for (const { name } of queries) {
        const rows = expected.filter(({ query: of }) => of === name).map(({ rows: text }) => text);
        const found = (await pipeline.rows(name)).map((row) => `${JSON.stringify(row)}\n`);
        const parsed = rows.join("").replace(/.+/g, (row) => JSON.stringify(JSON.parse(row))); // digits of doubles
        assert.equal(found.join(""), parsed);
      }
      assert.deepEqual(await pipeline.accounting(), oracle.accounting().get(0));
    }),
    { numRuns: 60 },
  );
});

test("a number field has reasons of its own, in their order", async () => {
  const pipeline = testPipeline({
    extraFields: { price: { path: "price", type: "number" }, qty: { path: "qty", type: "number" } },
  });
  const prices = [undefined, null, "5", "", 1e12, Number.NEGATIVE_INFINITY, 999_999_999_999, 3];
  await pipeline.feed(prices.map((price) => ({ price, qty: price === 3 ? 1e12 : 1 })));
  await pipeline.finish();
  const dead = (await pipeline.deadLetters()).map(({ reason }) => reason);
  assert.deepEqual(dead, [
    "missing_field:price",
    "wrong_type:price",
    "wrong_type:price",
    "wrong_type:price",
    "out_of_range:price",
    "wrong_type:price", // JSON has no infinity: it is null
    "out_of_range:qty",
  ]);
});

test("an extra field without a default is missing by its own name", async () => {
  const pipeline = testPipeline({ extraFields: { country: "geo.country" } });
  await pipeline.feed([
    { url: "/a" },
    { geo: { country: 5 } },
    { geo: { country: "" } },
    { geo: { country: "DE" } },
  ]);
  await pipeline.finish();
  const dead = (await pipeline.deadLetters()).map(({ reason }) => reason);
  assert.deepEqual(dead, ["missing_field:country", "wrong_type:country", "empty_field:country"]);
});
