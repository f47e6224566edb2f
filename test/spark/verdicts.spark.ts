// One verdict: the cases that hold the judge, judged by a real Spark, must end alike.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { SparkSession } from "../../src/engines/spark/connect/api.ts";
import { DEFAULT_EVENT_RULES, type EventRules, type KeyField } from "../../src/events/event.ts";
import { judge } from "../../src/events/judge.ts";
import {
  ACCEPTED,
  eventAround,
  eventAt,
  eventWith,
  GOOD_TIME_MS,
  GOOD_TIMES,
  REASONS,
  RULES,
  TEXTS_LIKE_OTHERS,
} from "../events/verdict-cases.ts";
import { sharedCluster } from "./cluster.ts";
import { type JudgedRecord, judgeBySpark } from "./judged.ts";

const TEXT_FIELDS = ["event_id", "user_id", "session_id", "url", "action", "device_type", "browser"];
const FAR_MS = 253_402_300_799_999;
const MAX_AHEAD_MS = 60_000;

type Case = readonly [name: string, value: string | Uint8Array | null];

async function agree(
  t: TestContext,
  rules: EventRules,
  cases: readonly Case[],
  fields = TEXT_FIELDS,
): Promise<void> {
  const { url } = await sharedCluster();
  const session = await SparkSession.connect(url);
  t.after(() => session.release());
  const values = cases.map(([, value]) => (typeof value === "string" ? Buffer.from(value) : value));
  const records = values.map((value): JudgedRecord => ({ value, recordMs: FAR_MS }));
  const keys = fields as KeyField[];
  const verdicts = await judgeBySpark(session, records, { rules, maxAheadMs: MAX_AHEAD_MS, fields: keys });
  for (const [index, value] of values.entries()) {
    const expected = judge(value, rules);
    const found = verdicts[index];
    const name = cases[index]?.[0] ?? "";
    assert.equal(found?.reason ?? null, "reason" in expected ? expected.reason : null, name);
    if ("reason" in expected) continue;
    assert.equal(found?.timeMs, expected.event.timeMs, name);
    for (const key of keys) assert.equal(plain(found?.texts[key]), expected.event[key], `${name}: ${key}`);
  }
}

/** Spark's decimals have all six places. */
const plain = (text = ""): string => (/^-?\d+\.\d{6}$/.test(text) ? text.replace(/\.?0+$/, "") : text);

test("every reason, each limit at n and n + 1, timestamps of every form", (t) =>
  agree(t, RULES, [
    ...REASONS.map(([name, value]): Case => [name, value]),
    ...GOOD_TIMES.map(([json]): Case => [json.slice(0, 60), eventAt(json)]),
    ...ACCEPTED,
    ...NEARLY_PLAIN,
    ["texts like other values", eventWith(TEXTS_LIKE_OTHERS)],
    ["the same with spaces", eventWith(TEXTS_LIKE_OTHERS).replaceAll('":"', '": "')],
  ]));

/** What is nearly one plain object of texts in their usual order. */
const NEARLY_PLAIN: readonly Case[] = [
  ["Python's separators", eventWith().replaceAll('":"', '": "').replaceAll('","', '", "')],
  ["two spaces", eventWith().replace('":"', '":  "')],
  ["a space before a colon", eventWith().replace('":"', '" :"')],
  ["a space behind", `${eventWith()} `],
  ["a space inside the brace", eventWith().replace("{", "{ ")],
  ["a comma more", eventWith().replace(/}$/, ",}")],
  ["a comma less", eventWith().replace('","', '""')],
  ["a semicolon", eventWith().replace('","', '";"')],
  ["no closing brace", eventWith().replace(/}$/, "")],
  ["two closing braces", `${eventWith()}}`],
  ["an object behind", `${eventWith()}{}`],
  ["a tab in a text", eventWith({ url: "/a" }).replace("/a", "/\t")],
  ...Array.from({ length: 32 }, (_, code): Case => {
    return [
      `control character ${code} in a text`,
      eventWith({ url: "/a" }).replace("/a", `/${String.fromCharCode(code)}`),
    ];
  }),
  ["U+0080 in a text", eventWith({ url: "/\x80" })],
  ["U+FFFD in a text", eventWith({ url: "/\ufffd" })],
  ["a character of four bytes in a text", eventWith({ url: "/\u{1f600}" })],
  ["a byte that is no UTF-8 in a text", Buffer.from(eventWith({ url: "/\xff" }), "latin1")],
  ["half a pair as bytes in a text", Buffer.from(eventWith({ url: "/\xed\xa0\x80" }), "latin1")],
  ["small letters in a time", eventWith({ timestamp: "2026-07-23t10:00:00z" })],
  ["a day that is none", eventWith({ timestamp: "2026-02-30T10:00:00Z" })],
  ["a time before 1970", eventWith({ timestamp: "1969-12-31T23:59:59Z" })],
  ["DEL in a text", eventWith({ url: "/\x7f" })],
  ["a line separator in a text", eventWith({ url: "/\u2028" })],
  ["braces and colons in a text", eventWith({ url: "/{a:1},[b]" })],
  ["a quote in a text", eventWith({ url: '/"' })],
  ["a member more", eventWith().replace(/}$/, ',"more":"x"}')],
  ["a member twice", eventWith().replace(/}$/, ',"browser":"x"}')],
  ["two members swapped", eventWith().replace('"event_id"', '"user_id"')],
];

const NUMBERS = [
  ...[
    "0",
    "-0",
    "-0.0000004",
    "0.0000005",
    "-0.0000005",
    "12.50",
    "1e2",
    "1E-3",
    "999999999999.9999994",
    "999999999999.9999995",
  ],
  ...[
    "1e12",
    "1e11",
    "-1e12",
    "1e-400",
    "1e400",
    "0e999999999999",
    "1e-999999999999",
    "0.49999999999999999999999999999999999",
    "12345678901.1234565",
  ],
  ...['"1"', "null", "true", "[1]", "{}", '""'],
];

test("number fields, defaults, constants and value maps", (t) => {
  const fields = {
    url: { path: ["page"], default: "/none", map: { home: "/" } },
    browser: { value: "none" },
  };
  const extraFields = {
    price: { path: ["price"], type: "number" },
    weight: { path: ["weight"], type: "number", default: "0.25" },
  } as EventRules["extraFields"];
  const rules = { ...DEFAULT_EVENT_RULES, fields, extraFields };
  const cases: Case[] = [
    ["no price", eventWith()],
    ...NUMBERS.map((json): Case => [`price ${json}`, eventAround(`"price":${json},"page":"home",`)]),
    ...NUMBERS.map((json): Case => [`weight ${json}`, eventAround(`"price":1,"weight":${json},`)]),
    ["page null", eventAround('"price":1,"page":null,')],
    ["page empty", eventAround('"price":1,"page":"",')],
    ["page a number", eventAround('"price":1,"page":7,"other":"7",')],
    ["price twice", eventAround('"price":1,"price":"1",')],
    [
      "a bad price before a bad timestamp",
      eventAround('"price":1e12,').replace(/"timestamp":"/, '"timestamp":"x'),
    ],
  ];
  return agree(t, rules, cases, ["url", "browser", "price", "weight"]);
});

test("members of nested objects", (t) => {
  const fields = {
    url: { path: ["context", "page.url"] },
    timestamp: { path: ["context", "at"] },
    browser: { path: ["context", "agent", "it's"], default: "unknown" },
  };
  const context = (json: string): string => eventAround(`"context":${json},`);
  const cases: Case[] = [
    ["good", context('{"page.url":"/a","at":1764000000000,"agent":{"it\'s":"x"}}')],
    ["a double", context('{"page.url":"/a","at":1.764e12}')],
    ["no double", context('{"page.url":"/a","at":1e-400}')],
    ["the last of two", context('{"page.url":"/a","page.url":"/b","at":0}')],
    ["no object", context('"text"')],
    ["an array", context('[{"page.url":"/a"}]')],
    ["null inside", context('{"page.url":null,"at":0}')],
    ["half a pair", context('{"page.url":"\\ud800","at":0}')],
    ["half a pair elsewhere", context('{"page.url":"\\\\ud800","at":0,"x":"\\udc00"}')],
    ["a pair in escapes", context('{"page.url":"\\ud83e\\udd8a","at":0}')],
    ["absent", eventWith()],
  ];
  return agree(t, { ...DEFAULT_EVENT_RULES, fields }, cases, ["url", "browser"]);
});

test("an event may be ahead of its record by so much, and its record must have a time", async (t) => {
  const { url } = await sharedCluster();
  const session = await SparkSession.connect(url);
  t.after(() => session.release());
  const records = [GOOD_TIME_MS - MAX_AHEAD_MS, GOOD_TIME_MS - MAX_AHEAD_MS - 1, -1].flatMap((recordMs) =>
    // The second has an escape and goes the exact way.
    [eventWith(), eventWith({ url: '"' })].map((value) => ({ value: Buffer.from(value), recordMs })),
  );
  const options = { rules: DEFAULT_EVENT_RULES, maxAheadMs: MAX_AHEAD_MS, fields: [] };
  const reasons = (await judgeBySpark(session, records, options)).map(({ reason }) => reason);
  const [good, ahead, timeless] = [null, "from_the_future", "no_record_time"];
  assert.deepEqual(reasons, [good, good, ahead, ahead, timeless, timeless]);
});
