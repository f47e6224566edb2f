import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClickEvent } from "../../src/events/event.ts";
import { rowsOf } from "../../src/oracle/rows.ts";
import { count, query } from "../../src/queries/query.ts";
import { STANDARD_QUERIES } from "../../src/queries/standard.ts";

const START_MS = Date.UTC(2026, 10, 23, 8, 5, 0);
const WINDOW = { startMs: START_MS, endMs: START_MS + 300_000 };

const event = (afterMs: number, fields: Partial<ClickEvent> = {}): ClickEvent => ({
  event_id: "e",
  user_id: "ann",
  session_id: "s1",
  url: "/",
  action: "click",
  device_type: "mobile",
  browser: "Chrome",
  ...fields,
  timeMs: START_MS + afterMs,
});

// ann: session s1 from 1.000 to 61.250, session s2 at 100; ben: session s3 from 10 to 10.005.
const EVENTS = [
  event(61_250, { url: "/cart", action: "view" }),
  event(1_000),
  event(2_000, { action: "hover" }),
  event(100_000, { session_id: "s2", action: "scroll" }),
  event(10_000, { user_id: "ben", session_id: "s3", device_type: "tablet", browser: "Safari" }),
  event(10_005, { user_id: "ben", session_id: "s3", device_type: "tablet", browser: "Firefox" }),
];

const PREFIX = '"window_start":"2026-11-23T08:05:00.000Z","window_end":"2026-11-23T08:10:00.000Z"';
const EXPECTED: Record<string, string[]> = {
  url_counts: [
    `{${PREFIX},"url":"/","events":5,"users":2,"clicks":3,"views":0,"scrolls":1,"hovers":1}`,
    `{${PREFIX},"url":"/cart","events":1,"users":1,"clicks":0,"views":1,"scrolls":0,"hovers":0}`,
  ],
  device_counts: [
    `{${PREFIX},"device_type":"mobile","events":4,"users":1,"sessions":2}`,
    `{${PREFIX},"device_type":"tablet","events":2,"users":1,"sessions":1}`,
  ],
  browser_counts: [
    `{${PREFIX},"device_type":"mobile","browser":"Chrome","events":4,"users":1,"sessions":2}`,
    `{${PREFIX},"device_type":"tablet","browser":"Firefox","events":1,"users":1,"sessions":1}`,
    `{${PREFIX},"device_type":"tablet","browser":"Safari","events":1,"users":1,"sessions":1}`,
  ],
  user_activity: [
    `{${PREFIX},"user_id":"ann","events":4,"clicks":1,"views":1,"scrolls":1,"hovers":1,"urls":2,"sessions":2,` +
      '"session_seconds":60.25,"longest_session_seconds":60.25,' +
      '"first_seen":"2026-11-23T08:05:01.000Z","last_seen":"2026-11-23T08:06:40.000Z"}',
    `{${PREFIX},"user_id":"ben","events":2,"clicks":2,"views":0,"scrolls":0,"hovers":0,"urls":1,"sessions":1,` +
      '"session_seconds":0.005,"longest_session_seconds":0.005,' +
      '"first_seen":"2026-11-23T08:05:10.000Z","last_seen":"2026-11-23T08:05:10.005Z"}',
  ],
  window_totals: [`{${PREFIX},"events":6,"users":2,"sessions":3,"session_seconds":60.255}`],
};

for (const standard of STANDARD_QUERIES) {
  test(`the rows of ${standard.name}`, () => {
    const expected = (EXPECTED[standard.name] ?? []).map((row) => `${row}\n`).join("");
    assert.equal(rowsOf(standard, WINDOW, EVENTS), expected);
  });
}

const urlsInOrder = (urls: string[]): unknown[] => {
  const byUrl = query("by_url", { by: ["url"], measures: { events: count() } });
  const rows = rowsOf(
    byUrl,
    WINDOW,
    urls.map((url) => event(0, { url })),
  );
  return rows
    .trimEnd()
    .split("\n")
    .map((row) => (JSON.parse(row) as { url: string }).url);
};

test("rows are sorted by the bytes of UTF-8, in which a character beyond U+FFFF comes after all others", () => {
  // By UTF-16 units "\u{1f600}" (d83d …) would come before "\uffee".
  const inOrder = ["/", "/a", "/a/b", "/é", "/\uffee", "/\u{1f600}"];
  assert.deepEqual(urlsInOrder(inOrder.toReversed()), inOrder);
});

test("rows are sorted key by key, so a shorter first key comes first whatever follows", () => {
  const plan = query("two_keys", { by: ["user_id", "url"], measures: { events: count() } });
  const rows = rowsOf(plan, WINDOW, [
    event(0, { user_id: "ab", url: "a" }),
    event(0, { user_id: "a", url: "z" }),
  ]);
  assert.deepEqual(rows.match(/"user_id":"\w+"/g), ['"user_id":"a"', '"user_id":"ab"']);
});

test("keys that would be equal when joined stay apart, and are escaped as JSON does", () => {
  const plan = query("two_keys", { by: ["user_id", "url"], measures: { events: count() } });
  const rows = rowsOf(plan, WINDOW, [
    event(0, { user_id: "a", url: 'b"\u0001' }),
    event(0, { user_id: "ab", url: '"\u0001' }),
  ]);
  assert.equal(
    rows,
    `{${PREFIX},"user_id":"a","url":"b\\"\\u0001","events":1}\n{${PREFIX},"user_id":"ab","url":"\\"\\u0001","events":1}\n`,
  );
});

test("no events, no rows", () => {
  for (const plan of STANDARD_QUERIES) assert.equal(rowsOf(plan, WINDOW, []), "");
});
