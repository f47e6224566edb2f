import assert from "node:assert/strict";
import { test } from "node:test";
import { RateMeter } from "../../../src/app/progress/rate.ts";

test("the rate is that of the last seconds, not of the whole run", () => {
  const meter = new RateMeter(3_000);
  assert.equal(meter.sample(5_000_000, 0), 0);
  assert.equal(meter.sample(5_000_500, 500), 1_000);
  for (let second = 1; second <= 10; second++) meter.sample(5_000_500, second * 1_000);
  assert.equal(meter.sample(5_000_500, 11_000), 0);
  assert.equal(meter.sample(5_008_500, 12_000), 8_000 / 3);
});

test("two looks at one moment give no infinite rate", () => {
  const meter = new RateMeter();
  meter.sample(0, 100);
  assert.equal(meter.sample(50, 100), 0);
});
