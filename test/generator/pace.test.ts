import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Pace } from "../../src/generator/pace.ts";
import { ManualClock } from "./manual-clock.ts";

const { signal } = new AbortController();

test("full speed waits for nothing", async () => {
  const clock = new ManualClock(0);
  const pace = new Pace(null, clock);
  await pace.wait(1_000, 1_000, signal);
  assert.equal(clock.monotonicMs(), 0);
  assert.equal(pace.due(), Number.POSITIVE_INFINITY);
});

test("over any waits the events due are the rate times the time", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.double({ min: 0.001, max: 1e6, noNaN: true }),
      fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 30 }),
      async (perSecond, batches) => {
        const clock = new ManualClock(12_345);
        const pace = new Pace(perSecond, clock);
        let taken = 0;
        for (const batch of batches) {
          await pace.wait(batch, 1_000, signal);
          const due = pace.due();
          assert(due >= 1, "a wait ends when something is due");
          pace.take(due);
          taken += due;
        }
        const expected = ((clock.monotonicMs() - 12_345) * perSecond) / 1_000;
        assert(Math.abs(taken - expected) <= 1 + expected * 1e-9, `${taken} events instead of ${expected}`);
      },
    ),
  );
});

test("a wait lasts until a batch is due, but not longer than it may", async () => {
  const clock = new ManualClock(0);
  const pace = new Pace(1_000, clock);
  await pace.wait(200, 1_000, signal);
  assert(clock.monotonicMs() >= 200 && clock.monotonicMs() <= 202);
  pace.take(pace.due());
  const before = clock.monotonicMs();
  await pace.wait(5_000, 1_000, signal);
  assert(clock.monotonicMs() - before >= 999 && clock.monotonicMs() - before <= 1_002);
});

test("after a long stall only ten seconds' worth is due, and the pace goes on from there", () => {
  const clock = new ManualClock(0);
  const pace = new Pace(100, clock);
  clock.pass(3_600_000);
  const due = pace.due();
  assert(Math.abs(due - 1_000) <= 1, `${due}`);
  pace.take(due);
  assert(pace.due() <= 0);
  clock.pass(1_000);
  assert(Math.abs(pace.due() - 100) <= 1);
});
