import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { eventNumber, eventUuid, uuidOf } from "../../src/generator/uuid.ts";

const word = fc.integer();

test("an event's id is a UUID of version 8 that carries its number", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), word, word, (n, first, second) => {
      const uuid = eventUuid(n, first, second);
      assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.equal(eventNumber(uuid), n);
    }),
  );
});

test("a random-looking UUID has version 4 and its words in their places", () => {
  assert.equal(
    uuidOf(0x03020100, 0x07f60504, 0x0b0a09f8, 0x0f0e0d0c),
    "00010203-0405-4607-b809-0a0b0c0d0e0f",
  );
});

test("other texts carry no number", () => {
  for (const text of [
    "",
    "17",
    uuidOf(1, 2, 3, 4),
    eventUuid(1, -1, 3).toUpperCase(),
    ` ${eventUuid(1, 2, 3)}`,
  ]) {
    assert.equal(eventNumber(text), undefined, text);
  }
});
