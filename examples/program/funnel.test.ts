// Tests the query without a Kafka: node --test funnel.test.ts
import assert from "node:assert/strict";
import { test } from "node:test";
import { testPipeline } from "clickstream/testing";
import { config } from "./funnel.ts";

test("clicks and users are counted by page and device, across a restart", async () => {
  const app = testPipeline(config);
  app.feed([
    { user_id: "ann", url: "/cart", action: "click" },
    { user_id: "ann", url: "/cart", action: "view" },
    { user_id: "bob", url: "/cart", device_type: "mobile" },
  ]);
  app.advance("10s");
  app.restart();
  app.feed({ user_id: "cid", url: "/cart", action: "click" });
  app.finish();
  const [desktop, mobile] = await app.rows("funnel");
  assert.deepEqual(
    [desktop?.device_type, desktop?.events, desktop?.users, desktop?.clicks],
    ["desktop", 3, 2, 2],
  );
  assert.deepEqual([mobile?.device_type, mobile?.events, mobile?.users, mobile?.clicks], ["mobile", 1, 1, 0]);
});

test("an event that comes after its windows is late, and changes nothing", async () => {
  const app = testPipeline(config, { now: "2026-06-01T12:00:00Z" });
  app.feed({ url: "/cart" });
  app.advance("1 minute");
  app.feed({ url: "/cart", timestamp: "2026-06-01T11:30:00Z" });
  app.finish();
  const { counted, late } = await app.accounting();
  assert.deepEqual({ counted, late }, { counted: 1, late: 1 });
});
