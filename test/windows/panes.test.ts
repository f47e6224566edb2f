import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { firstOpenEnd, LATE, paneStart } from "../../src/windows/panes.ts";

const settings = fc
  .record({ slideMs: fc.integer({ min: 1, max: 50 }), slides: fc.integer({ min: 1, max: 8 }) })
  .map(({ slideMs, slides }) => ({ sizeMs: slideMs * slides, slideMs, delayMs: 10, maxAheadMs: 1 }));

test("the first open end is the least of the event's window ends over the watermark", () => {
  fc.assert(
    fc.property(
      settings,
      fc.nat(2_000),
      fc.integer({ min: -100, max: 3_000 }),
      (windows, timeMs, watermarkMs) => {
        const paneMs = paneStart(timeMs, windows.slideMs);
        const ends: number[] = [];
        for (
          let endMs = paneMs + windows.slideMs;
          endMs <= paneMs + windows.sizeMs;
          endMs += windows.slideMs
        ) {
          assert(endMs - windows.sizeMs <= timeMs && timeMs < endMs);
          if (endMs > watermarkMs) ends.push(endMs);
        }
        assert.equal(firstOpenEnd(paneMs, watermarkMs, windows), ends[0] ?? LATE);
      },
    ),
  );
});

test("a window whose end the watermark has just reached is closed", () => {
  const windows = { sizeMs: 5, slideMs: 1, delayMs: 10, maxAheadMs: 1 };
  assert.deepEqual(
    [7, 8, 11, 12].map((watermarkMs) => firstOpenEnd(7, watermarkMs, windows)),
    [8, 9, 12, LATE],
  );
});

test("before the first watermark nothing is late", () => {
  const windows = { sizeMs: 5, slideMs: 1, delayMs: 10, maxAheadMs: 1 };
  assert.equal(firstOpenEnd(7, Number.NEGATIVE_INFINITY, windows), 8);
});
