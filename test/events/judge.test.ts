import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "../../src/events/judge.ts";
import { compileScanner } from "../../src/events/scanner.ts";
import { batchOf, scanAll } from "./scanning.ts";
import {
  ACCEPTED,
  eventAt,
  eventWith,
  GOOD,
  GOOD_TIME_MS,
  GOOD_TIMES,
  REASONS,
  RULES,
  TEXTS_LIKE_OTHERS,
} from "./verdict-cases.ts";

/** The judge's verdict, once the scanner was seen to agree. */
function verdictOn(value: string | Uint8Array | null): ReturnType<typeof judge> {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  const verdict = judge(bytes, RULES);
  const [scanned] = scanAll(compileScanner({ fields: [], rules: RULES }), [], batchOf([bytes]));
  assert.deepEqual(scanned, "reason" in verdict ? verdict : { timeMs: verdict.event.timeMs, texts: {} });
  return verdict;
}

test("hostile values have the first reason that applies", async (t) => {
  for (const [name, value, reason] of REASONS) {
    await t.test(name, () => assert.deepEqual(verdictOn(value), { reason }));
  }
});

test("timestamps in many forms", async (t) => {
  for (const [json, timeMs] of GOOD_TIMES) {
    await t.test(json.slice(0, 60), () => {
      const verdict = verdictOn(eventAt(json));
      assert.ok("event" in verdict && Object.is(verdict.event.timeMs, timeMs), JSON.stringify(verdict));
    });
  }
});

test("the last of several numbers is the timestamp", () => {
  const value = eventAt(`1.5,"a":{"timestamp":7},"\\u0074imestamp":17e11`);
  const verdict = verdictOn(value);
  assert.ok("event" in verdict && verdict.event.timeMs === 1_700_000_000_000, JSON.stringify(verdict));
});

test("odd but good events", async (t) => {
  const { timestamp: _, ...texts } = GOOD;
  for (const [name, value] of ACCEPTED) {
    await t.test(name, () =>
      assert.deepEqual(verdictOn(value), { event: { ...texts, timeMs: GOOD_TIME_MS } }),
    );
  }
});

test("texts that look like other values are texts", () => {
  const { timestamp: _, ...texts } = { ...GOOD, ...TEXTS_LIKE_OTHERS };
  const json = eventWith(TEXTS_LIKE_OTHERS);
  for (const value of [json, json.replaceAll('":"', '": "')])
    assert.deepEqual(verdictOn(value), { event: { ...texts, timeMs: GOOD_TIME_MS } });
});

test("a value of exactly the allowed size, and rules that were extended", () => {
  const value = Buffer.from(eventWith({ action: "swipe", device_type: "tv" }));
  const rules = { maxEventBytes: value.length, actions: ["swipe"], deviceTypes: ["tv"] };
  assert.ok("event" in judge(value, rules));
  assert.deepEqual(judge(value, { ...rules, maxEventBytes: value.length - 1 }), { reason: "too_large" });
  assert.deepEqual(judge(value, { ...rules, actions: ["click"] }), { reason: "unknown_action" });
});
