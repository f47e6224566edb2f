import assert from "node:assert/strict";
import { test } from "node:test";
import { firstDayKept, isFinal } from "../../src/archive/final-days.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NOV_24 = Date.UTC(2026, 10, 24);

const SLIDING = { sizeMs: 5 * MINUTE_MS, slideMs: MINUTE_MS };
const DAILY = { sizeMs: DAY_MS, slideMs: DAY_MS };
const DAY_EVERY_HOUR = { sizeMs: DAY_MS, slideMs: HOUR_MS };
const WEEKLY = { sizeMs: 7 * DAY_MS, slideMs: DAY_MS };

test("a day is final when the last window that starts on it has closed", () => {
  const finalFrom: [{ sizeMs: number; slideMs: number }, number][] = [
    [SLIDING, NOV_24 + 4 * MINUTE_MS],
    [DAILY, NOV_24],
    [DAY_EVERY_HOUR, NOV_24 + 23 * HOUR_MS],
    [WEEKLY, NOV_24 + 6 * DAY_MS],
  ];
  for (const [windows, fromMs] of finalFrom) {
    assert.equal(isFinal("2026-11-23", windows, fromMs), true);
    assert.equal(isFinal("2026-11-23", windows, fromMs - 1), false);
  }
});

test("days are kept back from the day on which the newest closed window starts", () => {
  assert.equal(firstDayKept(SLIDING, NOV_24 + HOUR_MS, 30 * DAY_MS), "2026-10-25");
  assert.equal(firstDayKept(SLIDING, NOV_24 + 3 * MINUTE_MS, DAY_MS), "2026-11-22"); // it starts on the 23rd
  assert.equal(firstDayKept(DAILY, NOV_24, DAY_MS), "2026-11-22");
  assert.equal(firstDayKept(WEEKLY, NOV_24, DAY_MS), "2026-11-16");
});
