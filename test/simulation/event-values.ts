// Values of events as producers send them: sound ones in many layouts, and one broken kind for every reason.
import type { Random } from "../../src/core/random.ts";
import { EVENT_FIELDS, type EventField, type EventRules } from "../../src/events/event.ts";
import type { DeadReason } from "../../src/events/reasons.ts";

/** Limits as users have them, but for a size that a test can afford to exceed, and a number field. */
export const SMALL_RULES: EventRules = {
  maxEventBytes: 3_000,
  actions: ["click", "view", "scroll", "hover"],
  deviceTypes: ["mobile", "desktop", "tablet"],
  extraFields: {
    amount: { path: ["cart", "amount"], type: "number", default: "0.25" },
  } as EventRules["extraFields"],
};

type Fields = Record<EventField, unknown> & { cart?: unknown };

// Keys that sort differently by UTF-16 units than by UTF-8 bytes, that are prefixes of each other, that need escapes.
const URLS = [
  "/",
  "/a",
  "/a/b",
  "/é",
  "/\uffee",
  "/\u{1f600}",
  '/"q"\\',
  "/\u0001",
  "https://shop.example/a?b=c",
];
const USERS = ["u1", "u10", "u2", "ü", "\uffee", "\u{10000}"];
// So few that events of other times have them again.
const EVENT_IDS = 300;
const BROWSERS = ["Chrome", "Firefox", "Safari", "Chrome Mobile"];

// Together they are sums that no double holds.
const AMOUNTS = [0, 0.1, 0.2, -0.3, 19.99, 7, -999999999999.9999, 123456789012.3456, 999999999999.9999];

const oneOf = <T>(random: Random, choices: readonly T[]): T => choices[random.below(choices.length)] as T;

/** The timestamp in one of the ways in which a producer may write it, all of the same millisecond. */
function timestamp(random: Random, timeMs: number): string | number {
  const iso = new Date(timeMs).toISOString();
  const shifted = (hours: number) => new Date(timeMs + hours * 3_600_000).toISOString().slice(0, -1);
  return oneOf(random, [
    iso,
    iso,
    iso,
    timeMs,
    iso.replace("Z", "999999z").replace("T", "t"),
    `${shifted(5.5)}+05:30`,
    `${shifted(-18)}-18:00`,
  ]);
}

function soundFields(random: Random, timeMs: number): Fields {
  const user = random.below(USERS.length);
  return {
    event_id: `event-${random.below(EVENT_IDS)}`,
    user_id: USERS[user],
    session_id: `session-${user}-${random.below(3)}`,
    url: oneOf(random, URLS),
    action: oneOf(random, SMALL_RULES.actions),
    timestamp: timestamp(random, timeMs),
    device_type: oneOf(random, SMALL_RULES.deviceTypes),
    browser: oneOf(random, BROWSERS),
    ...(random.below(3) === 0 ? {} : { cart: { amount: oneOf(random, AMOUNTS) } }),
  };
}

const compact = (fields: object): string => JSON.stringify(fields);

const LAYOUTS: readonly ((fields: Fields) => string)[] = [
  compact,
  compact,
  compact,
  // Python's separators.
  (fields) =>
    `{${Object.entries(fields)
      .map(([name, value]) => `"${name}": ${JSON.stringify(value)}`)
      .join(", ")}}`,
  (fields) => compact(Object.fromEntries(Object.entries(fields).reverse())),
  (fields) => compact({ extra: { url: [1, { url: "/x" }], timestamp: 5 }, ...fields, last: null }),
  // Duplicate names: the last wins.
  (fields) => compact(fields).replace("{", '{"url":7,"timestamp":"never",'),
  // Everything that may be escaped, in names and values.
  (fields) =>
    compact(fields).replace(/[a-z\u0080-\uffff]/g, (character) =>
      /[\u0080-\uffff]|[eu]/.test(character)
        ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
        : character,
    ),
  (fields) => ` \n${JSON.stringify(fields, null, 2)}\t\r\n`,
  // An integral number of milliseconds in scientific notation.
  (fields) => compact(fields).replace(/"timestamp":(\d+)/, '"timestamp":$1000e-3'),
];

/** A sound event of that time; users, pages, layout and form of the timestamp come from `random`. */
export function soundValue(random: Random, timeMs: number): Buffer {
  return Buffer.from(oneOf(random, LAYOUTS)(soundFields(random, timeMs)));
}

type Breaker = (fields: Fields, random: Random) => string | Buffer | null;
const edited =
  (edit: (fields: Fields) => unknown): Breaker =>
  (fields) => {
    edit(fields);
    return compact(fields);
  };
const replaced =
  (field: EventField, ...values: unknown[]): Breaker =>
  (fields, random) =>
    compact({ ...fields, [field]: oneOf(random, values) });
const inValue = (fields: Fields, bytes: readonly number[]): Buffer => {
  const text = compact({ ...fields, browser: "~" });
  const at = text.lastIndexOf("~");
  return Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from(bytes), Buffer.from(text.slice(at + 1))]);
};

/** Values that nobody may accept, each with the only reason that fits. */
export const BROKEN: readonly { reason: DeadReason; value: Breaker }[] = [
  { reason: "too_large", value: (fields) => compact({ ...fields, padding: "x".repeat(3_000) }) },
  { reason: "too_large", value: () => Buffer.alloc(3_001) },
  { reason: "not_json", value: () => null },
  { reason: "not_json", value: () => "" },
  { reason: "not_json", value: () => "\n" },
  { reason: "not_json", value: (fields, random) => compact(fields).slice(0, -1 - random.below(20)) },
  { reason: "not_json", value: (fields) => `${compact(fields)}}` },
  { reason: "not_json", value: (fields) => `\ufeff${compact(fields)}` },
  { reason: "not_json", value: (fields) => compact(fields).replaceAll('"', "'") },
  { reason: "not_json", value: (fields) => compact({ ...fields, browser: "~" }).replace("~", "\n") },
  { reason: "not_json", value: (fields) => inValue(fields, [0xff]) },
  { reason: "not_json", value: (fields) => inValue(fields, [0xc0, 0x80]) },
  { reason: "not_json", value: (fields) => inValue(fields, [0xed, 0xa0, 0x80]) },
  { reason: "not_json", value: (fields) => compact({ ...fields, url: "\ud83d" }) },
  {
    reason: "not_json",
    value: (fields) => compact({ ...fields, extra: "~" }).replace('"~"', "[".repeat(997) + "]".repeat(997)),
  },
  {
    reason: "not_json",
    value: (fields) => compact({ ...fields, extra: "~" }).replace('"~"', "1".repeat(1_000)),
  },
  { reason: "not_an_object", value: (fields) => `[${compact(fields)}]` },
  { reason: "not_an_object", value: (_, random) => oneOf(random, ["null", "7", '"text"', "true", " [] "]) },
  ...EVENT_FIELDS.flatMap((field): { reason: DeadReason; value: Breaker }[] => [
    { reason: `missing_field:${field}`, value: edited((fields) => delete fields[field]) },
    { reason: `wrong_type:${field}`, value: replaced(field, null, true, {}, ["x"]) },
    { reason: `empty_field:${field}`, value: replaced(field, "") },
  ]),
  { reason: "wrong_type:url", value: replaced("url", 5) },
  {
    reason: "wrong_type:amount" as DeadReason,
    value: edited((fields) => Object.assign(fields, { cart: { amount: "5" } })),
  },
  {
    reason: "out_of_range:amount" as DeadReason,
    value: edited((fields) => Object.assign(fields, { cart: { amount: -1e12 } })),
  },
  {
    reason: "bad_timestamp",
    value: replaced(
      "timestamp",
      "2026-02-29T00:00:00Z",
      "2026-11-23T24:00:00Z",
      "2026-11-23T23:59:60Z",
      "2026-11-23T23:59:59",
      "2026-11-23 23:59:59Z",
      "2026-11-23T23:59:59.Z",
      "2026-11-23T23:59:59.0000000000Z",
      "2026-11-23T23:59:59+18:01",
      "2026-11-23T23:59:59+0530",
      "1970-01-01T00:00:00+00:01",
      "9999-12-31T23:59:59-00:01",
      "yesterday",
      -1,
      1.5,
      253_402_300_800_000,
      1e300,
    ),
  },
  { reason: "unknown_action", value: replaced("action", "Click", "tap", " view") },
  { reason: "unknown_device_type", value: replaced("device_type", "Mobile", "tv") },
];

/** A broken value of a kind that `random` picks. */
export function brokenValue(random: Random, timeMs: number): Buffer | null {
  const value = oneOf(random, BROKEN).value(soundFields(random, timeMs), random);
  return typeof value === "string" ? Buffer.from(value) : value;
}
