import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { editFields } from "../../src/events/field-edit.ts";

function edited(text: string, ...edits: [field: string, value: unknown][]): string | undefined {
  const asked = edits.map(([field, value]) => ({ field, json: JSON.stringify(value) }));
  const bytes = editFields(Buffer.from(text), asked);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
}

test("a field gets its value and every other byte stays", () => {
  assert.equal(
    edited('{ "n": 12345678901234567890.10 ,\n"device_type" : "phone", "x":[{"device_type":1}] }\r\n', [
      "device_type",
      "mobile",
    ]),
    '{ "n": 12345678901234567890.10 ,\n"device_type" : "mobile", "x":[{"device_type":1}] }\r\n',
  );
});

test("an absent field is added at the end, also to an object without any", () => {
  assert.equal(edited('{"a":1}', ["url", "/"], ["b", null]), '{"a":1,"url":"/","b":null}');
  assert.equal(edited(" { } ", ["url", "/"]), ' {"url":"/" } ');
  assert.equal(edited("{}", ["__proto__", "x"]), '{"__proto__":"x"}');
});

test("of repeated fields the last is edited, since it is the one that counts", () => {
  assert.equal(edited('{"a":1,"\\u0061":2}', ["a", 3]), '{"a":1,"\\u0061":3}');
});

test("what is no JSON object can't be edited", () => {
  for (const text of ["", "no json", "[1]", "null", '"a"', '{"a":1', "\ufeff{}"]) {
    assert.equal(edited(text, ["a", 1]), undefined, text);
  }
  assert.equal(editFields(null, []), undefined);
  assert.equal(editFields(Buffer.from([0x7b, 0xff, 0x7d]), []), undefined);
});

test("after an edit JSON.parse finds the value, and all others as before", () => {
  const anObject = fc.dictionary(fc.string(), fc.jsonValue());
  fc.assert(
    fc.property(anObject, fc.string(), fc.jsonValue(), fc.nat(3), (before, field, value, spaces) => {
      const after = JSON.parse(edited(JSON.stringify(before, null, spaces), [field, value]) ?? "");
      const expected = JSON.parse(JSON.stringify(before));
      Object.defineProperty(expected, field, {
        ...{ value: JSON.parse(JSON.stringify(value)), enumerable: true, configurable: true, writable: true },
      });
      assert.deepEqual(after, expected);
    }),
  );
});
