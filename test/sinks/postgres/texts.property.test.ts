import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { withNul, withoutNul } from "../../../src/sinks/postgres/nul.ts";
import { valuesOf } from "../../../src/sinks/postgres/row-text.ts";

/** Texts with a liking for what has a meaning somewhere. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom("\0", "␀", "0", "\\", '"', ",", ":", "\n", "}"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
});

test("any text is stored without NUL, comes back, and stays as it is unless it must change", () => {
  fc.assert(
    fc.property(text, (value) => {
      const stored = withoutNul(value);
      assert(!stored.includes("\0"));
      assert.equal(withNul(stored), value);
      if (!/[\0␀]/.test(value)) assert.equal(stored, value);
    }),
  );
  fc.assert(fc.property(text, text, (a, b) => a === b || withoutNul(a) !== withoutNul(b)));
});

test("the values of a row are those that JSON.parse finds, with numbers as they stand", () => {
  const value = fc.oneof(text, fc.integer(), fc.constantFrom(0.5, -12.25, 9007199254740991));
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), (values) => {
      const names = values.map((_, index) => ({ name: `c${index}` }));
      const row = JSON.stringify(Object.fromEntries(values.map((one, index) => [`c${index}`, one])));
      assert.deepEqual(
        valuesOf(row, names),
        values.map(String).map((shown) => (shown === "-0" ? "0" : shown)),
      );
    }),
  );
  assert.deepEqual(valuesOf('{"a":123456789012345678901.000001}', [{ name: "a" }]), [
    "123456789012345678901.000001",
  ]);
  assert.throws(() => valuesOf('{"b":1}', [{ name: "a" }]), /no column a/);
});
