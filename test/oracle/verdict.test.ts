import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../src/core/random.ts";
import { DEFAULT_EVENT_RULES } from "../../src/events/event.ts";
import { oracleVerdict } from "../../src/oracle/verdict.ts";
import { BROKEN, SMALL_RULES, soundValue } from "../simulation/event-values.ts";

const EVENT = {
  event_id: "0e984725-c51c-4bf4-9960-e1c80e27aba0",
  user_id: "u1",
  session_id: "s1",
  url: "/",
  action: "click",
  timestamp: "2026-11-23T08:05:00.123Z",
  device_type: "mobile",
  browser: "Chrome",
};
const TIME_MS = Date.UTC(2026, 10, 23, 8, 5, 0, 123);

/** The verdict's reason, or the event's time. */
function verdict(value: string | Uint8Array | null, rules = DEFAULT_EVENT_RULES): string | number {
  const result = oracleVerdict(typeof value === "string" ? Buffer.from(value) : value, rules);
  return "reason" in result ? result.reason : result.event.timeMs;
}
const of = (fields: object): string => JSON.stringify({ ...EVENT, ...fields });
/** An event with one value written exactly as given. */
const raw = (field: string, json: string): string => of({ [field]: "~" }).replace('"~"', json);

test("a sound event in any layout keeps its strings and its time", () => {
  const { timestamp: _, ...strings } = EVENT;
  assert.deepEqual(oracleVerdict(Buffer.from(of({ extra: 1 })), DEFAULT_EVENT_RULES), {
    event: { ...strings, timeMs: TIME_MS },
  });
  for (let seed = 0; seed < 500; seed++) {
    const value = soundValue(seededRandom(seed), TIME_MS);
    assert.equal(verdict(value, SMALL_RULES), TIME_MS, `seed ${seed}: ${value}`);
  }
});

test("every broken kind has its reason", () => {
  BROKEN.forEach(({ reason, value }, kind) => {
    for (let seed = 0; seed < 40; seed++) {
      const made = value({ ...EVENT }, seededRandom(seed));
      assert.equal(verdict(made, SMALL_RULES), reason, `kind ${kind}, seed ${seed}: ${made}`);
    }
  });
});

test("the first reason in the order wins", () => {
  assert.equal(verdict(Buffer.alloc(1_048_577)), "too_large");
  assert.equal(verdict(of({ url: "\ud800", event_id: 5 })), "not_json");
  assert.equal(verdict('{"user_id":5,"timestamp":"never"}'), "missing_field:event_id");
  assert.equal(verdict(of({ event_id: "", user_id: 5 })), "empty_field:event_id");
  assert.equal(verdict(of({ timestamp: "never", device_type: null })), "wrong_type:device_type");
  assert.equal(verdict(of({ timestamp: "never", action: "tap" })), "bad_timestamp");
  assert.equal(verdict(of({ action: "tap", device_type: "tv" })), "unknown_action");
});

test("the last of duplicate names counts, for every verdict", () => {
  const twice = (first: string, second: string) =>
    of({}).replace('"url":"/"', `"url":${first},"url":${second}`);
  assert.equal(verdict(twice("5", '"/"')), TIME_MS);
  assert.equal(verdict(twice('"/"', "5")), "wrong_type:url");
  assert.equal(verdict(twice('"\\ud800"', '"/"')), TIME_MS);
  assert.equal(verdict(of({}).replace("{", '{"timestamp":1.5,')), TIME_MS);
});

test("lone surrogates matter in declared strings only", () => {
  assert.equal(verdict(of({ extra: "\ud800" })), TIME_MS);
  assert.equal(verdict(of({ url: "\ud83d\ude00" })), TIME_MS);
  assert.equal(verdict(raw("url", '"\\ude00\\ud83d"')), "not_json");
});

test("a byte-order mark is refused in front, and a character inside a string", () => {
  assert.equal(verdict(`\ufeff${of({})}`), "not_json");
  assert.equal(verdict(of({ url: "\ufeff" })), TIME_MS);
});

test("nesting, numbers and names that Spark refuses, and one less", () => {
  const nested = (depth: number) => raw("extra", "[".repeat(depth - 1) + "]".repeat(depth - 1));
  assert.equal(verdict(nested(997)), TIME_MS);
  assert.equal(verdict(nested(998)), "not_json");
  assert.equal(verdict(raw("extra", JSON.stringify("[".repeat(2_000)))), TIME_MS, "brackets in a string");
  assert.equal(verdict(raw("extra", `[${"[],".repeat(1_000)}[]]`)), TIME_MS, "side by side");
  assert.equal(verdict(raw("extra", "1".repeat(999))), TIME_MS);
  assert.equal(verdict(raw("extra", "1".repeat(1_000))), "not_json");
  assert.equal(verdict(raw("extra", `-1.${"0".repeat(500)}e+${"0".repeat(500)}`)), "not_json");
  assert.equal(verdict(raw("extra", `"${"1".repeat(1_001)}\\""`)), TIME_MS, "digits in a string");
  assert.equal(verdict(of({ ["n".repeat(49_999)]: 1 })), TIME_MS);
  assert.equal(verdict(of({ ["n".repeat(50_000)]: 1 })), "not_json");
  assert.equal(verdict(of({ extra: { ["n".repeat(50_000)]: 1 } })), "not_json");
  assert.equal(verdict(of({ extra: "n".repeat(50_001) })), TIME_MS, "not a name");
  assert.equal(verdict("[".repeat(500_000) + "]".repeat(500_000)), "not_json");
});

test("timestamps as text", () => {
  const at = (timestamp: string) => verdict(of({ timestamp }));
  assert.equal(at("2026-11-23t08:05:00.123z"), TIME_MS);
  assert.equal(at("2026-11-23T13:35:00.1239+05:30"), TIME_MS, "digits past milliseconds are cut");
  assert.equal(at("2026-11-23T08:05:00.1Z"), TIME_MS - 23);
  assert.equal(at("2026-11-23T08:05:00-00:00"), TIME_MS - 123);
  assert.equal(at("2026-11-22T14:05:00.123-18:00"), TIME_MS);
  assert.equal(at("2024-02-29T00:00:00Z"), Date.UTC(2024, 1, 29));
  assert.equal(at("2000-02-29T00:00:00Z"), Date.UTC(2000, 1, 29));
  assert.equal(at("1970-01-01T00:00:00Z"), 0);
  assert.equal(at("1969-12-31T23:00:00-01:00"), 0, "its instant is in 1970");
  assert.equal(at("9999-12-31T23:59:59.999999999Z"), 253_402_300_799_999);
  for (const bad of [
    "1969-12-31T23:59:59.999Z",
    "1900-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "0099-01-01T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-11-23T08:60:00Z",
    "2026-11-23T08:05:00+05:60",
    "2026-11-23T08:05:00+18:30",
    "2026-11-23T08:05:00+19:00",
    "2026-11-23T08:05Z",
    "2026-11-23T08:05:00 Z",
    "2026-11-23T08:05:00Z\n",
    "٢٠٢٦-11-23T08:05:00Z",
    "+02026-11-23T08:05:00Z",
    "1795478400000",
  ]) {
    assert.equal(at(bad), "bad_timestamp", bad);
  }
});

test("timestamps as numbers are whole by their digits, not by what a double makes of them", () => {
  const at = (number: string) => verdict(raw("timestamp", number));
  assert.equal(at("1.7e12"), 1.7e12);
  assert.equal(at("1700000000000.000"), 1.7e12);
  assert.equal(at("17000000000000E-1"), 1.7e12);
  assert.equal(at("0"), 0);
  assert.ok(Object.is(at("-0.0"), 0));
  assert.equal(at("0e-9"), 0);
  assert.equal(at("253402300799999"), 253_402_300_799_999);
  for (const bad of [
    "-1",
    "1e-9",
    "1e400",
    "253402300800000",
    "1700000000000.5",
    "1700000000000.00001",
    "15e-1",
  ]) {
    assert.equal(at(bad), "bad_timestamp", bad);
  }
  assert.equal(verdict(raw("timestamp", '5,"extra":{"timestamp":1.5}')), 5, "another object's is not meant");
});

test("extended sets of actions and device types", () => {
  const rules = { ...DEFAULT_EVENT_RULES, actions: ["tap"], deviceTypes: ["tv"] };
  assert.equal(verdict(of({ action: "tap", device_type: "tv" }), rules), TIME_MS);
  assert.equal(verdict(of({ action: "tap" }), rules), "unknown_device_type");
});

test("names of object prototypes are fields like any other", () => {
  assert.equal(verdict('{"__proto__":{"event_id":"e"}}'), "missing_field:event_id");
});
