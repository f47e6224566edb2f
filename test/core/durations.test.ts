import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDuration, parseDuration } from "../../src/core/durations.ts";
import { UsageError } from "../../src/core/errors.ts";

test("durations are a number and a unit, short or long", () => {
  const expected: [string, number][] = [
    ["250ms", 250],
    ["1 millisecond", 1],
    ["2 milliseconds", 2],
    ["30s", 30_000],
    ["1 second", 1_000],
    ["5 minutes", 300_000],
    ["5 min", 300_000],
    ["10 mins", 600_000],
    ["5m", 300_000],
    ["1.5h", 5_400_000],
    ["2 HOURS", 7_200_000],
    ["1d", 86_400_000],
    ["0s", 0],
  ];
  for (const [text, durationMs] of expected) assert.equal(parseDuration(text, "--delay"), durationMs, text);
});

test("anything else is refused by the setting's name", () => {
  for (const text of ["", "5", "m", "5 weeks", "-5m", "0.5ms", "5m 3s", "s", "5 constructor"]) {
    assert.throws(
      () => parseDuration(text, "--delay"),
      (error: unknown) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, /^--delay is not a duration/);
        return true;
      },
      text,
    );
  }
});

test("formatting is the inverse of parsing", () => {
  for (const durationMs of [0, 1, 250, 1_000, 1_500, 60_000, 90_000, 300_000, 3_600_000, 86_400_000]) {
    assert.equal(parseDuration(formatDuration(durationMs), ""), durationMs);
  }
});
