import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DEFAULT_EVENT_RULES, EVENT_FIELDS, type KeyField } from "../../src/events/event.ts";
import { judge } from "../../src/events/judge.ts";
import { compileScanner } from "../../src/events/scanner.ts";
import { batchOf, scanAll, scanned } from "./scanning.ts";

const USED: readonly KeyField[] = ["user_id", "session_id", "url", "action", "device_type", "browser"];
const RULES = { ...DEFAULT_EVENT_RULES, maxEventBytes: 600 };

const plainText = fc.oneof(
  fc.constantFrom(
    "u1",
    "u2",
    "/",
    "/product/17",
    "/cart?x=1&y=2",
    "Chrome",
    "Mobile Safari 17.2",
    "日本",
    "é",
    "🦊",
  ),
  fc.uuid(),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const timestampText = fc.oneof(
  fc.constantFrom("2026-11-23T08:05:00.123Z", "2026-11-23T08:05:59.999Z", "2026-11-23T08:06:07.000Z"),
  fc
    .date({ min: new Date(0), max: new Date(253402300799999), noInvalidDate: true })
    .map((d) => d.toISOString()),
  fc
    .tuple(
      fc.constantFrom(
        "2026-11-23",
        "2024-02-29",
        "2025-02-29",
        "1970-01-01",
        "1969-12-31",
        "9999-12-31",
        "2026-13-01",
      ),
      fc.constantFrom("T", "t", " "),
      fc.constantFrom("08:05:00", "00:00:00", "23:59:59", "24:00:00", "08:60:00", "08:05:60"),
      fc.constantFrom("", ".", ".1", ".12", ".123", ".123456", ".123456789", ".1234567890"),
      fc.constantFrom(
        "Z",
        "z",
        "+00:00",
        "-00:00",
        "+18:00",
        "-18:00",
        "+18:01",
        "+05:30",
        "-01:60",
        "+0530",
        "",
      ),
    )
    .map((parts) => parts.join("")),
);
/** JSON text of a timestamp. */
const timestamp = fc.oneof(
  timestampText.map((text) => JSON.stringify(text)),
  fc.integer({ min: 0, max: 253402300799999 }).map(String),
  fc.constantFrom(
    "1764000000123",
    "1.7e12",
    "17e11",
    "-0",
    "0",
    "01",
    "-1",
    "1.5",
    "1764000000123.0",
    "253402300800000",
  ),
);

/** One way to write a string in JSON among many. */
function written(text: string, escaping: number): string {
  const json = JSON.stringify(text);
  if (escaping === 1) return json.replaceAll("/", "\\/");
  if (escaping === 2)
    return json.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  if (escaping === 3)
    return json.replace(/[a-z](?=[^"\\]*"$)/, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
  return json;
}

interface Style {
  order: string[];
  comma: string;
  colon: string;
  escaping: number;
  extra: string;
  tail: string;
}

const style: fc.Arbitrary<Style> = fc.record({
  order: fc.oneof(
    { weight: 4, arbitrary: fc.constant<string[]>([...EVENT_FIELDS]) },
    fc.shuffledSubarray([...EVENT_FIELDS], { minLength: 8 }),
    fc.shuffledSubarray([...EVENT_FIELDS], { minLength: 6 }),
  ),
  comma: fc.constantFrom(",", ",", ", ", ",\n  "),
  colon: fc.constantFrom(":", ":", ": "),
  escaping: fc.constantFrom(0, 0, 0, 1, 2, 3),
  extra: fc.constantFrom(
    "",
    "",
    "",
    '"referrer":"/from",',
    '"n":1.5e3,',
    '"b":true,"n":null,"t":"a\\/b",',
    '"o":{"url":["}\\""]},',
    '"o":{"a":[1,{"b":"\\u00e9"},[],{}],"c":null},"p":[ [ ] , {"q" : -0.5e1 } ],',
    '"t":"\\ud800 \\u00E9",',
    '"__proto__":"x",',
    '"url":"/dup",',
    '"url":7,',
    '"url":{"url":[]},"timestamp":null,',
  ),
  tail: fc.constantFrom("}", "}", "}", " }", "}\n", ""),
});

const texts = fc.record({
  event_id: fc.oneof(fc.uuid(), plainText),
  user_id: plainText,
  session_id: plainText,
  url: plainText,
  action: fc.oneof({ weight: 9, arbitrary: fc.constantFrom("click", "view", "scroll", "hover") }, plainText),
  device_type: fc.oneof({ weight: 9, arbitrary: fc.constantFrom("mobile", "desktop", "tablet") }, plainText),
  browser: plainText,
});

function render(values: Record<string, string>, timestampJson: string, how: Style): string {
  const members = how.order.map((field) => {
    const json = field === "timestamp" ? timestampJson : written(values[field]!, how.escaping);
    return `"${field}"${how.colon}${json}`;
  });
  return `{${how.extra}${members.join(how.comma)}${how.tail}`;
}

/** A change of bytes: at a place, so many removed, these put in. */
interface Mutation {
  at: number;
  removed: number;
  inserted: Uint8Array;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(400),
  removed: fc.constantFrom(0, 1, 1, 1, 2, 5, 40, 1000),
  inserted: fc.oneof(
    fc.uint8Array({ maxLength: 3 }),
    fc
      .constantFrom(
        '"',
        "\\",
        "\\n",
        "\\u0041",
        "\\ud800",
        "\\ud83e\\udd8a",
        '""',
        "{",
        "}",
        ",",
        ":",
        " ",
        "\n",
        "\0",
        "é",
        "🦊",
        "\ufeff",
        "0",
        "null",
        '"a":1,',
        "[",
        "]",
        '{"a":',
        '"url":"",',
        '"action":"nap",',
      )
      .map((text) => Buffer.from(text)),
  ),
});

function mutate(value: Uint8Array, { at, removed, inserted }: Mutation): Uint8Array {
  const from = Math.min(at, value.length);
  return Buffer.concat([value.subarray(0, from), inserted, value.subarray(from + removed)]);
}

const value = fc
  .record({
    values: texts,
    time: timestamp,
    how: style,
    mutations: fc.oneof(
      { weight: 2, arbitrary: fc.constant<Mutation[]>([]) },
      fc.array(mutation, { maxLength: 2 }),
    ),
  })
  .map(({ values, time, how, mutations }) =>
    mutations.reduce(mutate, Buffer.from(render(values, time, how)) as Uint8Array),
  );

function assertAgreement(
  values: readonly (Uint8Array | null)[],
  after: Buffer,
  fields: readonly KeyField[],
): void {
  const scanner = compileScanner({ fields, rules: RULES });
  const records = batchOf(values, after);
  const expected = values.map((one) => scanned(judge(one, RULES), fields));
  // The second time most strings are known, and layouts may have been learned.
  for (let round = 0; round < 2; round++) assert.deepEqual(scanAll(scanner, fields, records), expected);
  scanner.reset();
  assert.deepEqual(scanAll(scanner, fields, records), expected);
}

const padding = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes));
const fieldSets = fc.constantFrom<readonly KeyField[]>(USED, ["url"], ["event_id", "browser"], []);

test("the scanner's verdicts and strings are the judge's, over made and mutated values", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 40, arbitrary: value }, fc.constant(null)), { maxLength: 12 }),
      padding,
      fieldSets,
      assertAgreement,
    ),
    { numRuns: 1_500 },
  );
});

test("the same over batches in one steady style with changes here and there", () => {
  const batch = fc
    .record({
      how: style,
      rows: fc.array(
        fc.record({ values: texts, time: timestamp, mutations: fc.array(mutation, { maxLength: 1 }) }),
        { minLength: 20, maxLength: 40 },
      ),
    })
    .map(({ how, rows }) =>
      rows.map(({ values, time, mutations }, row) => {
        const plain: Uint8Array = Buffer.from(render(values, time, how));
        return row % 3 === 0 ? mutations.reduce(mutate, plain) : plain;
      }),
    );
  fc.assert(fc.property(batch, padding, fieldSets, assertAgreement), { numRuns: 300 });
});

/** Events of several layouts; with some copies in front, all are learned. */
const EVENTS = [
  '{"event_id":"0b9e1c6e","user_id":"u1","session_id":"s-é","url":"/a","action":"view","timestamp":"2026-11-23T08:05:00.123Z","device_type":"mobile","browser":"Opera"}',
  '{"event_id": "0b", "user_id": "ü", "session_id": "s\\/1", "url": "\\u00e9", "action": "view", "timestamp": "2026-11-23T08:05:00.123456+05:30", "device_type": "mobile", "browser": "Opera"} ',
  '{"n":-10.25e+3,"timestamp":1764000000123,"browser":"Edge","b":true,"t":"\\n","device_type":"tablet","action":"hover","url":"/a","z":0,"session_id":"1","user_id":"7","event_id":"e","e":null}',
  '{"o":[{"a":1}],"event_id":"e","user_id":"u1","session_id":"s1","url":"/a","action":"view","device_type":"mobile","browser":"Opera","timestamp":"1970-01-01T00:00:07Z"}',
  '{"event_id":"a","event_id":"0b9e1c6e","user_id":"u1","session_id":"s1","url":"/a","action":"view","timestamp":"2026-11-23T08:05:00.123Z","device_type":"mobile","browser":"Opera"}',
  '{"o": {"user_id": [1, -2.5e3, true, null, {"timestamp": "\\u00e9\\ud800"}, [], {} ]\r\n}, "event_id": "e", "user_id": {"a":"é"}, "user_id": "u1", "session_id": "s1", "url": "/a", "action": "view", "device_type": "mobile", "browser": "Opera", "timestamp": "1970-01-01T00:00:07Z", "p":["\\"", "\\u12aF"]}',
].map((json) => Buffer.from(json));
const COPIES = 10;

for (const [index, event] of EVENTS.entries()) {
  test(`each byte of event ${index} changed to each of many, or one put before it`, () => {
    const bytes = Buffer.from('\0\t\n\r\x1f !"+,-./0159:EZ[\\]aetuz{}\x7f\x80\xa9\xc3\xed\xff', "latin1");
    const values = [...event.keys()].flatMap((at) =>
      [...bytes].flatMap((byte) =>
        [0, 1].map((removed) => mutate(event, { at, removed, inserted: Uint8Array.of(byte) })),
      ),
    );
    assertAgreement([...new Array<Uint8Array>(COPIES).fill(event), ...values], Buffer.alloc(16, '"}'), USED);
  });

  test(`longer texts put before each byte of event ${index}`, () => {
    const insertions = [
      "\\n",
      "\\/",
      "\\x",
      "\\u0041",
      "\\ud800",
      "\\ud83e\\udd8a",
      "\\",
      '\\"',
      "é",
      "🦊",
      '","',
    ];
    const values = [...event.keys()].flatMap((at) =>
      insertions.map((text) => mutate(event, { at, removed: 0, inserted: Buffer.from(text) })),
    );
    assertAgreement([...new Array<Uint8Array>(COPIES).fill(event), ...values], Buffer.alloc(16), USED);
  });

  test(`each beginning of event ${index}, where the bytes behind go on as the event would`, () => {
    for (let length = 0; length <= event.length; length++) {
      const after = Buffer.alloc(16);
      event.copy(after, 0, length);
      const values = [...new Array<Uint8Array>(COPIES).fill(event), event.subarray(0, length)];
      assertAgreement(values, after, USED);
    }
  });

  test(`event ${index} with parts doubled or left out`, () => {
    const values = [...event.keys()].flatMap((at) =>
      [1, 2, 3, 4, 7, 11, 16, 30].flatMap((length) => {
        const part = event.subarray(at, at + length);
        return [
          mutate(event, { at, removed: length, inserted: new Uint8Array() }),
          mutate(event, { at, removed: 0, inserted: part }),
        ];
      }),
    );
    assertAgreement([...new Array<Uint8Array>(COPIES).fill(event), ...values], Buffer.alloc(16), ["url"]);
  });
}

test("each beginning of an event with long strings that are known", () => {
  const event = Buffer.from(EVENTS[0]!.toString().replaceAll(/u1|s-é|\/a|Opera/g, (text) => text.repeat(20)));
  for (let length = 0; length < event.length; length++) {
    const after = Buffer.alloc(16);
    event.copy(after, 0, length);
    assertAgreement([event, event.subarray(0, length)], after, USED);
  }
});

test("timestamps that look like the minute before, or like one that was never seen", () => {
  const at = (timestamp: string): Buffer =>
    Buffer.from(EVENTS[0]!.toString().replace("2026-11-23T08:05:00.123Z", timestamp));
  const values = [
    at(`${"\0".repeat(16)}:00.000Z`),
    at("1970-01-01T00:00:00.000Z"),
    at("1969-12-31T23:30:00-01:00"),
    at("1969-12-31T23:30:00.000Z"),
    at("1970-01-01T00:30:00.000Z"),
    at("1970-01-01T00:30:00.000+01:00"),
    at("1970-01-01T00:30:00/000Z"),
    at("1970-01-01T00:30:00.000X"),
    at("1970-01-01T00:30/00.000Z"),
  ];
  assertAgreement(values, Buffer.alloc(16), USED);
});

test("values around the allowed size in a known layout", () => {
  const room = RULES.maxEventBytes - EVENTS[0]!.length;
  const values = [-1, 0, 1, 2].map((more) =>
    Buffer.from(EVENTS[0]!.toString().replace("/a", `/a${"a".repeat(room + more)}`)),
  );
  assert.deepEqual(
    values.map((value) => "event" in judge(value, RULES)),
    [true, true, false, false],
  );
  assertAgreement(values, Buffer.alloc(16), USED);
});

test("numbers around the refused length in a known layout", () => {
  const event = EVENTS[2]!;
  const lengths = [998, 999, 1_000, 1_001];
  const values = lengths.map((length) =>
    Buffer.from(event.toString().replace("-10.25e+3", `-10.${"5".repeat(length - 4)}`)),
  );
  const batch = batchOf([...new Array<Uint8Array>(COPIES).fill(event), ...values]);
  const scanner = compileScanner({ fields: USED, rules: DEFAULT_EVENT_RULES });
  const accepted = scanAll(scanner, USED, batch).map(
    (verdict) => verdict !== undefined && "timeMs" in verdict,
  );
  assert.deepEqual(accepted.slice(COPIES), [true, true, false, false]);
});

test("the dictionaries hold only the strings of events and of the rules, in the order of the rules", () => {
  const scanner = compileScanner({ fields: USED, rules: RULES });
  const held = (field: KeyField): string[] => {
    const dictionary = scanner.dictionaries[field]!;
    return Array.from({ length: dictionary.size }, (_, id) => dictionary.text(id));
  };
  const event = EVENTS[0]!;
  const unknown = Buffer.from(event.toString().replace("view", "nap"));
  for (let round = 0; round < 2; round++) {
    scanAll(scanner, USED, batchOf([event, event.subarray(0, -1), unknown, EVENTS[1]!, event]));
    assert.deepEqual(held("action"), RULES.actions);
    assert.deepEqual(held("device_type"), RULES.deviceTypes);
    assert.deepEqual(held("url"), ["/a", "é"]);
    scanner.reset();
    assert.deepEqual(held("url"), []);
    assert.deepEqual(held("action"), RULES.actions);
  }
});
