import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DEFAULT_EVENT_RULES, type KeyField } from "../../src/events/event.ts";
import { containerEnd } from "../../src/events/json-container.ts";
import { judge } from "../../src/events/judge.ts";
import { compileScanner } from "../../src/events/scanner.ts";
import { batchOf, scanAll, scanned } from "./scanning.ts";

/** Where the container at the start of the bytes ends, when they are followed by `after`. */
function endOf(json: Uint8Array, after = ']}]}",:0123456789abcdef'): number {
  const bytes = Buffer.concat([json, Buffer.from(after), Buffer.alloc(16)]);
  return containerEnd(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), bytes, 0, json.length);
}

function parses(json: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json));
    return true;
  } catch {
    return false;
  }
}

const container = fc
  .record({
    value: fc.oneof(fc.array(fc.jsonValue({ maxDepth: 4 })), fc.object({ maxDepth: 4 })),
    indent: fc.constantFrom("", " ", "\t"),
    lineEnd: fc.constantFrom("\n", "\r\n"),
    escapes: fc.boolean(),
  })
  .map(({ value, indent, lineEnd, escapes }) => {
    const json = (JSON.stringify(value, undefined, indent) ?? "[]").replaceAll("\n", lineEnd);
    if (!escapes) return json;
    return json.replace(/[^\x20-\x7e\s]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  })
  .map((json) => Buffer.from(json))
  .filter((json) => json[0] !== 0x6e && parses(json));

test("every object and array of JSON is passed over whole", () => {
  fc.assert(
    fc.property(container, (json) => assert.equal(endOf(json), json.length)),
    { numRuns: 2_000 },
  );
});

test("what is passed over parses, whatever was changed and whatever stands behind", () => {
  const change = fc.record({
    at: fc.nat(200),
    removed: fc.nat(3),
    inserted: fc.constantFrom(
      "",
      ",",
      '"',
      "\\",
      "}",
      "]",
      "{",
      "[",
      ":",
      "0",
      "-",
      ".",
      "e",
      "\\u00",
      "\n",
      "\xff",
    ),
  });
  fc.assert(
    fc.property(container, fc.array(change, { minLength: 1, maxLength: 3 }), (json, changes) => {
      const changed = changes.reduce((bytes, { at, removed, inserted }) => {
        const from = Math.min(at, bytes.length);
        return Buffer.concat([
          bytes.subarray(0, from),
          Buffer.from(inserted, "latin1"),
          bytes.subarray(from + removed),
        ]);
      }, json);
      const end = endOf(changed);
      if (end >= 0) assert(end <= changed.length && parses(changed.subarray(0, end)), changed.toString());
    }),
    { numRuns: 5_000 },
  );
});

test("containers in a known layout, written as usual or not, have the judge's verdicts", () => {
  const event = (json: Uint8Array) =>
    Buffer.concat([
      Buffer.from('{"event_id":"e","o":'),
      json,
      Buffer.from(
        ',"user_id":"u1","session_id":"s1","url":"/a","action":"view","device_type":"mobile","browser":"b","timestamp":7}',
      ),
    ]);
  const change = fc.record({
    at: fc.nat(60),
    inserted: fc.constantFrom("", ",", '"', "}", "]", "1", "\\", "\n"),
  });
  fc.assert(
    fc.property(
      container,
      fc.array(container, { maxLength: 4 }),
      fc.array(change),
      (usual, others, changes) => {
        const changed = changes.map(({ at, inserted }) =>
          Buffer.concat([usual.subarray(0, at), Buffer.from(inserted), usual.subarray(at + 1)]),
        );
        const again = Buffer.from(
          usual
            .toString()
            .replace(/[0-9]/g, "7")
            .replace(/true|false/g, "null"),
        );
        const values = [...new Array<Buffer>(10).fill(usual), ...others, ...changed, again].map(event);
        const fields: readonly KeyField[] = ["user_id", "url"];
        const scanner = compileScanner({ fields, rules: DEFAULT_EVENT_RULES });
        const expected = values.map((value) => scanned(judge(value, DEFAULT_EVENT_RULES), fields));
        assert.deepEqual(scanAll(scanner, fields, batchOf(values)), expected);
      },
    ),
    { numRuns: 1_500 },
  );
});

test("in a known layout neither a container written as usual nor another one needs JSON.parse", (t) => {
  const usual = '{"a":{"b":[1,{"c":"x"}],"d":null},"e":"y"}';
  const inside = [usual, usual.replace("1", "-2.5e3").replace("null", "true"), '{"a":[]}', "[7]"];
  const event = (json: string) =>
    Buffer.from(
      `{"o":${json},"event_id":"e","user_id":"u1","session_id":"s1","url":"/a","action":"view","device_type":"mobile","browser":"b","timestamp":7}`,
    );
  const scanner = compileScanner({ fields: ["url"], rules: DEFAULT_EVENT_RULES });
  scanAll(scanner, ["url"], batchOf(new Array<Buffer>(20).fill(event(usual))));
  const parse = t.mock.method(JSON, "parse");
  const found = scanAll(scanner, ["url"], batchOf(inside.map(event)));
  assert.deepEqual(found, new Array(inside.length).fill({ timeMs: 7, texts: { url: "/a" } }));
  assert.equal(parse.mock.callCount(), 0);
});

test("nested members at the edges of JSON, in a known layout, have the judge's verdicts", () => {
  const fields: readonly KeyField[] = ["user_id", "url"];
  const around = (json: string) =>
    Buffer.from(
      `{"o":${json},"event_id":"e","user_id":"u1","session_id":"s1","url":"/a","action":"view","device_type":"mobile","browser":"Opera","timestamp":7}`,
    );
  const nested = [
    ...[30, 31, 32, 996, 997].map((depth) => `${"[".repeat(depth)}${"]".repeat(depth)}`),
    ...[49_999, 50_000].map((length) => `{"${"n".repeat(length)}":1}`),
    ...[18, 19, 20, 999, 1_000].map((digits) => `[${"5".repeat(digits)}]`),
    ...["[0]", "[00]", "[01]", "[-]", "[1,]", "[,1]", "{,}", '{"a"}', '{"a":}', '{"a":1,}', "{1:1}"],
    ...["[}", "{]", "[tru]", "[truee]", "[nul]", '["\\u00g0"]', '["\\u12"]', '["\\x"]', '["\\n"]'],
    ...["[ ]", "{\r\n\t}", "[[]", '["\t"]', "[1 2]", "[\f1]", '{"a":1 "b":2}'],
  ];
  const copies = 10;
  const values = nested.map(around);
  const batch = batchOf([...new Array<Uint8Array>(copies).fill(around('[{"a":1}]')), ...values]);
  const scanner = compileScanner({ fields, rules: DEFAULT_EVENT_RULES });
  const expected = values.map((value) => scanned(judge(value, DEFAULT_EVENT_RULES), fields));
  assert.deepEqual(scanAll(scanner, fields, batch).slice(copies), expected);
  assert.equal(expected.filter((verdict) => "reason" in verdict).length, 26);
});
