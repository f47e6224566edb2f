import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../src/core/random.ts";
import { SlotParts } from "../../src/windows/slot-parts.ts";

const LEAST_PARTS = 256;
const PART_COST = 4_096;

/**
 * A day of commits, each with a part. The slot itself grows to `wholeBytes` and no further, as a day's users do. Returns
 * what was written, beside the parts, and the most that a restart had to read.
 */
function day(
  partBytes: number,
  wholeBytes: number,
): { came: number; rewritten: number; mostParts: number; mostCost: number } {
  const random = seededRandom(1);
  const parts = new SlotParts();
  const sum = { came: 0, rewritten: 0, mostParts: 0, mostCost: 0 };
  let stored = { parts: 0, cost: 0 };
  for (let commit = 0; commit < 86_400; commit++) {
    const bytes = 1 + random.below(partBytes * 2);
    parts.add(bytes);
    sum.came += Math.max(bytes, PART_COST);
    stored = { parts: stored.parts + 1, cost: stored.cost + Math.max(bytes, PART_COST) };
    if (parts.areTooMany(LEAST_PARTS)) {
      const whole = Math.min(wholeBytes, sum.came);
      parts.clear();
      parts.addWhole(whole);
      sum.rewritten += Math.max(whole, PART_COST);
      stored = { parts: 1, cost: Math.max(whole, PART_COST) };
    }
    sum.mostParts = Math.max(sum.mostParts, stored.parts);
    sum.mostCost = Math.max(sum.mostCost, stored.cost);
  }
  return sum;
}

test("rewriting at most doubles what is written, and a restart reads at most twice the slot or the least parts", () => {
  for (const [partBytes, wholeBytes] of [
    [20, 1_000],
    [5_000, 50_000],
    [5_000, 40_000_000],
    [300_000, 2_000_000],
    [300_000, Number.POSITIVE_INFINITY],
  ] as const) {
    const { came, rewritten, mostParts, mostCost } = day(partBytes, wholeBytes);
    assert(rewritten <= came * 2, `${partBytes}/${wholeBytes}: ${rewritten} for ${came}`);
    const slotCost = Math.max(wholeBytes, PART_COST);
    const most = Math.max(2 * slotCost, LEAST_PARTS * Math.max(partBytes * 2, PART_COST) + slotCost);
    assert(mostCost <= most + partBytes * 2, `${partBytes}/${wholeBytes}: ${mostCost} in ${mostParts} parts`);
  }
});

test("a slot with few parts is left alone, however large they are", () => {
  const parts = new SlotParts();
  for (let part = 1; part < LEAST_PARTS; part++) parts.add(100_000_000);
  assert.equal(parts.areTooMany(LEAST_PARTS), false);
});
