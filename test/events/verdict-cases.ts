import { DEFAULT_EVENT_RULES, EVENT_FIELDS } from "../../src/events/event.ts";

/** Rules under which the cases hold. */
export const RULES = { ...DEFAULT_EVENT_RULES, maxEventBytes: 300_000 };
/** The fields of a good event. */
export const GOOD = {
  event_id: "e1",
  user_id: "u1",
  session_id: "s1",
  url: "/",
  action: "click",
  timestamp: "2026-11-23T08:05:00.123Z",
  device_type: "mobile",
  browser: "Firefox",
};
/** Its time. */
export const GOOD_TIME_MS = Date.UTC(2026, 10, 23, 8, 5, 0, 123);

/** JSON of a good event with some members replaced (undefined: left out). */
export const eventWith = (changes: Record<string, unknown> = {}): string =>
  JSON.stringify({ ...GOOD, ...changes });
/** JSON of a good event with these members in front of, and these behind its own. */
export const eventAround = (front: string, behind = ""): string =>
  `{${front}${eventWith().slice(1, -1)}${behind}}`;
/** JSON of a good event whose timestamp is this JSON text. */
export const eventAt = (timestampJson: string): string =>
  eventWith({ timestamp: "@" }).replace('"@"', () => timestampJson);
const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

/** Values that are no events, and why. */
export const REASONS: [name: string, value: string | Uint8Array | null, reason: string][] = [
  ["too large, even if not JSON", "x".repeat(300_001), "too_large"],
  ["null value", null, "not_json"],
  ["empty value", "", "not_json"],
  ["white space alone", " \n", "not_json"],
  ["cut off", eventWith().slice(0, -1), "not_json"],
  ["something behind it", `${eventWith()}x`, "not_json"],
  ["two objects", `${eventWith()}${eventWith()}`, "not_json"],
  ["NUL behind it", `${eventWith()}\0`, "not_json"],
  ["byte-order mark", `\ufeff${eventWith()}`, "not_json"],
  ["UTF-16", Buffer.from(eventWith(), "utf16le"), "not_json"],
  ["no-break space behind it", `${eventWith()}\u00a0`, "not_json"],
  ["single quotes", eventWith().replaceAll('"', "'"), "not_json"],
  ["NaN", eventAround('"a":NaN,'), "not_json"],
  ["comment", eventAround("/* a */"), "not_json"],
  ["comma behind the last member", eventAround("", ","), "not_json"],
  ["raw line break in a string", eventWith({ url: "@" }).replace("@", "a\nb"), "not_json"],
  ["unknown escape", eventWith({ url: "@" }).replace("@", "\\x41"), "not_json"],
  ["leading zero", eventAt("01764000000000"), "not_json"],
  ["invalid UTF-8 in a field", latin1(eventWith({ url: "/caf\xe9" })), "not_json"],
  ["invalid UTF-8 in another member", latin1(eventAround('"a":"\xff",')), "not_json"],
  ["invalid UTF-8 in a name", latin1(eventAround('"\xc3":1,')), "not_json"],
  ["overlong UTF-8", latin1(eventWith({ url: "/\xc0\xaf" })), "not_json"],
  ["surrogate in UTF-8", latin1(eventWith({ url: "/\xed\xa0\x80" })), "not_json"],
  ["lone surrogate in a field", eventWith({ browser: "\ud800" }), "not_json"],
  ["lone surrogate in the timestamp", eventWith({ timestamp: "\udc00" }), "not_json"],
  ["lone surrogate before a missing field", eventWith({ event_id: undefined, url: "\ud800" }), "not_json"],
  ["nesting of 998", eventAround(`"a":${nested(997)},`), "not_json"],
  ["array nested 998 times", nested(998), "not_json"],
  ["number of 1,000 characters", eventAround(`"a":-1.${"0".repeat(997)},`), "not_json"],
  ["timestamp of 1,000 characters", eventAt(`1764000000000.${"0".repeat(986)}`), "not_json"],
  ["name of 50,000", eventAround(`"${"n".repeat(50_000)}":1,`), "not_json"],
  [
    "name of 50,000 escapes, nested",
    eventAround(`"a":[{"${"\\u00e9".repeat(25_000)}${"é".repeat(25_000)}" :1}],`),
    "not_json",
  ],
  ["name of 25,000 surrogate pairs", eventAround(`"${"🦊".repeat(25_000)}":1,`), "not_json"],
  ["null", "null", "not_an_object"],
  ["array", `[${eventWith()}]`, "not_an_object"],
  ["string", '"\\ud800"', "not_an_object"],
  ["number", " 12 ", "not_an_object"],
  ["empty object", "{}", "missing_field:event_id"],
  [
    "the first of several",
    eventWith({ browser: 1, session_id: undefined, url: "" }),
    "missing_field:session_id",
  ],
  ["a wrong type before a missing field", eventWith({ user_id: null, url: undefined }), "wrong_type:user_id"],
  [
    "inherited names are no members",
    eventAround('"__proto__":{"event_id":"e"},').replace('"event_id":"e1",', ""),
    "missing_field:event_id",
  ],
  ["names differ in case", eventWith().replace('"url"', '"Url"'), "missing_field:url"],
  ["object for a string", eventWith({ url: { url: "/" } }), "wrong_type:url"],
  ["timestamp true", eventAt("true"), "wrong_type:timestamp"],
  ["timestamp null", eventAt("null"), "wrong_type:timestamp"],
  ["timestamp empty", eventAt('""'), "empty_field:timestamp"],
  ["an empty last duplicate", eventAround("", ',"url":""'), "empty_field:url"],
  ["a wrong last duplicate", eventAround("", ',"timestamp":[]'), "wrong_type:timestamp"],
  ["empty before bad timestamp", eventWith({ timestamp: "x", browser: "" }), "empty_field:browser"],
  ["bad timestamp before unknown action", eventWith({ timestamp: "x", action: "x" }), "bad_timestamp"],
  [
    "unknown action before unknown device",
    eventWith({ action: "Click", device_type: "x" }),
    "unknown_action",
  ],
  ["unknown device", eventWith({ device_type: "mobile " }), "unknown_device_type"],
  ["a number like the text elsewhere", eventWith({ url: 7, other: "7" }), "wrong_type:url"],
  [
    "a number behind the same text",
    eventAround("", ',"user_id":"7"').replace('"user_id":"u1"', '"user_id":"7"').replace(/"7"}$/, "7}"),
    "wrong_type:user_id",
  ],
  ["an array like the text elsewhere", eventWith({ url: [], other: "[]" }), "wrong_type:url"],
  [
    "a time in digits as text",
    eventWith({ timestamp: "1764000000000", other: 1764000000000 }),
    "bad_timestamp",
  ],
  ["inherited name as action", eventWith({ action: "constructor" }), "unknown_action"],
];
for (const field of EVENT_FIELDS) {
  REASONS.push(
    [`no ${field}`, eventWith({ [field]: undefined }), `missing_field:${field}`],
    [`${field} null`, eventWith({ [field]: null }), `wrong_type:${field}`],
    [`${field} true`, eventWith({ [field]: true }), `wrong_type:${field}`],
    [`${field} array`, eventWith({ [field]: ["a"] }), `wrong_type:${field}`],
    [`${field} empty`, eventWith({ [field]: "" }), `empty_field:${field}`],
  );
  if (field !== "timestamp") REASONS.push([`${field} 7`, eventWith({ [field]: 7 }), `wrong_type:${field}`]);
}
const BAD_TIMESTAMPS = [
  '"2026-11-23"',
  '"2026-11-23T08:05:00"',
  '"2026-11-23 08:05:00Z"',
  '"2026-11-23T08:05Z"',
  '"2026-11-23T08:05:00.Z"',
  '"2026-11-23T08:05:00.1234567890Z"',
  '"2026-11-23T08:05:00,123Z"',
  '"2026-11-23T08:05:00.123Z "',
  '"2026-11-23T08:05:00.123ZZ"',
  '" 2026-11-23T08:05:00.123Z"',
  '"2026-11-23T24:00:00Z"',
  '"2026-11-23T23:60:00Z"',
  '"2026-11-23T23:59:60Z"',
  '"2026-02-29T00:00:00Z"',
  '"1900-02-29T00:00:00Z"',
  '"2100-02-29T00:00:00Z"',
  '"2026-04-31T00:00:00Z"',
  '"2026-00-10T00:00:00Z"',
  '"2026-13-10T00:00:00Z"',
  '"2026-11-00T00:00:00Z"',
  '"2026-11-23T08:05:00+0530"',
  '"2026-11-23T08:05:00+05"',
  '"2026-11-23T08:05:00+18:01"',
  '"2026-11-23T08:05:00-19:00"',
  '"2026-11-23T08:05:00+05:60"',
  '"2026-11-23T08:05:00 UTC"',
  '"٢٠٢٦-11-23T08:05:00Z"',
  '"2026-11-23T08:05:00.12３Z"',
  '"+2026-11-23T08:05:00Z"',
  '"12026-11-23T08:05:00Z"',
  '"1969-12-31T23:59:59.999Z"',
  '"1970-01-01T00:59:59+01:00"',
  '"9999-12-31T23:59:59-00:01"',
  '"0070-01-01T00:00:00Z"',
  '"1764000000000"',
  "-1",
  "-1e-0",
  "1764000000000.5",
  "1764000000000.00000000000000000001",
  "1e-5",
  "1e-400",
  "1e999999999999999999999",
  "253402300800000",
  "253402300799999.0000001",
];
for (const json of BAD_TIMESTAMPS) REASONS.push([`timestamp ${json}`, eventAt(json), "bad_timestamp"]);

/** JSON of timestamps that are good, and their times. */
export const GOOD_TIMES: readonly [timestampJson: string, timeMs: number][] = [
  ['"2026-11-23T08:05:00.123Z"', GOOD_TIME_MS],
  ['"2026-11-23t08:05:00.123z"', GOOD_TIME_MS],
  ['"2026-11-23T08:05:00.123999999Z"', GOOD_TIME_MS],
  ['"2026-11-23T08:05:00.1Z"', GOOD_TIME_MS - 23],
  ['"2026-11-23T08:05:00Z"', GOOD_TIME_MS - 123],
  ['"2026-11-23T13:35:00.123+05:30"', GOOD_TIME_MS],
  ['"2026-11-22T14:05:00.123-18:00"', GOOD_TIME_MS],
  ['"2026-11-23T08:05:00.123-00:00"', GOOD_TIME_MS],
  ['"2026-11-23T08:05:00.\\u0031\\u00323Z"', GOOD_TIME_MS],
  ['"1970-01-01T00:00:00.000Z"', 0],
  ['"1969-12-31T06:00:00-18:00"', 0],
  ['"9999-12-31T23:59:59.999999999Z"', 253_402_300_799_999],
  ['"2024-02-29T00:00:00Z"', Date.UTC(2024, 1, 29)],
  ['"2000-02-29T23:59:59Z"', Date.UTC(2000, 1, 29, 23, 59, 59)],
  ["0", 0],
  ["-0", 0],
  ["0e-400", 0],
  ["-0.00E+7", 0],
  ["1.7e12", 1_700_000_000_000],
  ["17E11", 1_700_000_000_000],
  ["1764000000000", 1_764_000_000_000],
  ["1764000000000.000", 1_764_000_000_000],
  ["17640000000000000e-4", 1_764_000_000_000],
  [`1764000000000.${"0".repeat(985)}`, 1_764_000_000_000],
  ["253402300799999", 253_402_300_799_999],
];

/** Odd values that are good events. */
export const ACCEPTED: readonly [name: string, value: string][] = [
  ["white space around and within", ` \t\r\n${JSON.stringify(GOOD, null, 2)} \n`],
  ["other members", eventAround('"a":null,"b":[1,{"url":"/x"}],"":true,"c":"",', ',"d":-1.5e-7')],
  ["other members with hostile names", eventAround('"__proto__":{"url":7},"constructor":1,"toString":"",')],
  ["__proto__ alone", eventAround('"__proto__":null,')],
  ["the last duplicate", eventAround('"url":7,"timestamp":"x","action":null,')],
  ["a losing duplicate with a lone surrogate", eventAround('"url":"\\ud800",')],
  ["a lone surrogate in another member and its name", eventAround('"\\ud800":"\\udfff",')],
  [
    "escapes in names and values",
    eventWith().replace('"url":"/"', '"\\u0075rl":"\\/"').replace("Fire", "\\u0046ire"),
  ],
  ["many arrays side by side", eventAround(`"a":[${"[],{},".repeat(1_000)}0],`)],
  ["nesting of 997", eventAround(`"a":${nested(996)},`)],
  ["number of 999 characters", eventAround(`"a":-1.${"0".repeat(996)},`)],
  ["long string", eventAround(`"a":"${"1".repeat(60_000)}",`)],
  ["brackets in a string", eventAround(`"a":"${"[".repeat(2_000)}",`)],
  ["name of 49,999 code units", eventAround(`"${"\\u00e9".repeat(9_999)}${"🦊".repeat(20_000)}":1,`)],
];

function latin1(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** Texts that look like other values of JSON, and are texts all the same. */
export const TEXTS_LIKE_OTHERS = { user_id: "12345", session_id: "-1e5", url: "true", browser: "[1]" };
