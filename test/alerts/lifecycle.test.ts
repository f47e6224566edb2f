import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type AlertState, advance } from "../../src/alerts/lifecycle.ts";

interface Seen {
  timeMs: number;
  holds: boolean;
}

const looks = fc
  .array(fc.record({ afterMs: fc.integer({ min: 1, max: 5 }), holds: fc.boolean() }), { maxLength: 60 })
  .map((steps) => {
    let timeMs = 0;
    return steps.map(({ afterMs, holds }): Seen => {
      timeMs += afterMs;
      return { timeMs, holds };
    });
  });

/** Says of each look, from all before it, whether the alert fires: no state is carried on. */
function firesAt(seen: readonly Seen[], index: number, forMs: number): boolean {
  const now = seen[index]!;
  if (!now.holds) return false;
  const broken = seen.slice(0, index).findLastIndex(({ holds }) => !holds);
  const stretch = seen.slice(broken + 1, index + 1);
  return stretch.some(({ timeMs }) => timeMs - stretch[0]!.timeMs >= forMs);
}

test("an alert fires exactly while its condition has held for long enough, and changes are told once", () => {
  fc.assert(
    fc.property(looks, fc.integer({ min: 0, max: 12 }), (seen, forMs) => {
      let state: AlertState | undefined;
      let fires = false;
      for (const [index, { timeMs, holds }] of seen.entries()) {
        const step = advance(state, { timeMs, value: timeMs, holds }, forMs);
        const expected = firesAt(seen, index, forMs);
        assert.equal(step.state?.phase === "firing", expected);
        assert.equal(step.state !== undefined, holds, "pending or firing just while it holds");
        assert.equal(step.change === "firing", expected && !fires);
        assert.equal(step.change === "resolved", fires && !expected);
        if (step.change === "firing") assert.equal(step.state?.firedMs, timeMs);
        fires = expected;
        state = step.state;
      }
    }),
  );
});
