import assert from "node:assert/strict";
import { test } from "node:test";
import type { Logger } from "../../src/app/log.ts";
import { RetryWarnings } from "../../src/app/retry-warnings.ts";
import type { Clock } from "../../src/core/clock.ts";

/** Reports a retry at each of these seconds; returns the seconds at which a warning was written. */
function warnedAt(seconds: readonly number[]): number[] {
  let now = 0;
  const clock = { monotonicMs: () => now * 1_000 } as Clock;
  const warned: number[] = [];
  const log = { debug: () => {}, warn: () => warned.push(now) } as unknown as Logger;
  const retries = new RetryWarnings(log, clock, "the engine");
  for (now of seconds) retries.report("the broker does not answer");
  return warned;
}

test("a hiccup of a few seconds is not worth a warning, nor are several with calm between", () => {
  assert.deepEqual(warnedAt([0, 1, 2, 4]), []);
  assert.deepEqual(warnedAt([0, 4, 20, 24, 60, 64]), []);
});

test("trouble that goes on is told after five seconds and then every half minute", () => {
  assert.deepEqual(warnedAt(Array.from({ length: 80 }, (_, second) => second)), [5, 35, 65]);
});
