import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TupleTable } from "../../src/windows/tuple-table.ts";

const tuple = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 3, maxLength: 3 });

test("a table counts and spans tuples as a map by their text does, also after it was cleared", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.tuple(tuple, fc.nat(10_000)), { maxLength: 300 }), { maxLength: 3 }),
      (rounds) => {
        const table = new TupleTable(3, true);
        for (const round of rounds) {
          table.clear();
          const expected = new Map<string, { count: number; minMs: number; maxMs: number }>();
          for (const [key, timeMs] of round) {
            table.add(table.row(Int32Array.from(key), 0), 1, timeMs, timeMs);
            const known = expected.get(key.join());
            expected.set(key.join(), {
              count: (known?.count ?? 0) + 1,
              minMs: Math.min(known?.minMs ?? timeMs, timeMs),
              maxMs: Math.max(known?.maxMs ?? timeMs, timeMs),
            });
          }
          assert.equal(table.size, expected.size);
          for (const [key, { count, minMs, maxMs }] of expected) {
            const row = table.find(Int32Array.from(key.split(",").map(Number)), 0);
            assert.deepEqual([table.counts[row], table.minMs[row], table.maxMs[row]], [count, minMs, maxMs]);
          }
        }
      },
    ),
  );
});

test("a table without key fields has one row", () => {
  const table = new TupleTable(0, false);
  for (let i = 0; i < 3; i++) table.add(table.row(new Int32Array(0), 0), 2, 0, 0);
  assert.deepEqual([table.size, table.counts[0]], [1, 6]);
});

test("a table that was large once gives its memory back when little is counted", () => {
  const table = new TupleTable(2, true);
  const key = new Int32Array(2);
  const count = (rows: number): void => {
    for (let row = 0; row < rows; row++) {
      key[0] = row;
      table.add(table.row(key, 0), 1, row, row);
    }
  };
  const fresh = table.byteLength;
  count(100_000);
  const large = table.byteLength;
  table.clear();
  assert.equal(table.byteLength, large, "what comes next is likely as large");
  count(10);
  table.clear();
  assert.equal(table.byteLength, fresh);
  count(1_000);
  assert.equal(table.size, 1_000);
  assert.equal(table.counts[table.find(Int32Array.of(999, 0), 0)], 1);
});
