import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Dictionary } from "../../src/events/dictionary.ts";

test("equal bytes have one id, different bytes different ids, by first arrival", () => {
  const bytes = fc.uint8Array({ maxLength: 12, max: 3 });
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 300 }), fc.nat(5), (strings, offset) => {
      const dictionary = new Dictionary();
      for (let round = 0; round < 2; round++) {
        const ids = new Map<string, number>();
        for (const string of strings) {
          const key = string.join();
          if (!ids.has(key)) ids.set(key, ids.size);
          const padded = new Uint8Array(offset + string.length + 1).fill(9);
          padded.set(string, offset);
          assert.equal(dictionary.intern(padded, offset, string.length), ids.get(key));
        }
        assert.equal(dictionary.size, ids.size);
        for (const [key, id] of ids) {
          const start = dictionary.startOf(id);
          assert.equal(dictionary.arena.subarray(start, start + dictionary.lengthOf(id)).join(), key);
        }
        dictionary.clear();
        assert.equal(dictionary.size, 0);
      }
    }),
  );
});

test("many strings, of which some are long", () => {
  const dictionary = new Dictionary();
  const textOf = (n: number): string => `/${"é".repeat(n % 700)}/${n}`;
  for (let n = 0; n < 20_000; n++) assert.equal(dictionary.internString(textOf(n)), n);
  for (let n = 0; n < 20_000; n++) {
    assert.equal(dictionary.findString(textOf(n)), n);
    assert.equal(dictionary.text(n), textOf(n));
  }
  assert.equal(dictionary.findString("/"), -1);
  const { arena } = dictionary;
  assert.equal(dictionary.words.buffer, arena.buffer);
  dictionary.clear();
  assert.equal(dictionary.findString(textOf(7)), -1);
  assert.equal(dictionary.internString(textOf(7)), 0);
  for (let n = 0; n < 20_000; n++) dictionary.internString(textOf(n));
  assert.equal(dictionary.arena, arena, "the room is used again");
});
