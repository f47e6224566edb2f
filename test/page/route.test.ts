import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RANGES, readRoute, VIEWS, writeRoute } from "../../src/web/page/model/route.js";

const route = fc.record({
  view: fc.constantFrom(...VIEWS),
  range: fc.constantFrom(...RANGES),
  untilMs: fc.option(fc.integer({ min: 0, max: 253_402_300_799_999 })),
  chosen: fc.dictionary(
    fc.constantFrom("search", "by", "user", "query"),
    fc.string({ minLength: 1, maxLength: 100, unit: "grapheme" }),
  ),
});

test("an address leads to what it was written for, whatever users and pages are called", () => {
  fc.assert(
    fc.property(route, (written) => {
      const read = readRoute(writeRoute(written));
      assert.deepEqual(
        { ...read, chosen: { ...read.chosen } },
        { ...written, chosen: { ...written.chosen } },
      );
    }),
  );
});

test("an address that can't be used leads to the first view, with an hour", () => {
  for (const hash of ["", "#", "#nowhere", "#__proto__", "#now?range=9y&until=tomorrow", "#now?user="]) {
    assert.deepEqual(readRoute(hash), { view: "now", range: "1h", untilMs: null, chosen: {} });
  }
  assert.deepEqual(readRoute(`#users?user=${"x".repeat(601)}`).chosen, {});
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (hash) =>
      assert.ok(VIEWS.includes(readRoute(`#${hash}`).view)),
    ),
  );
});
