import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatCount,
  formatMinute,
  formatShare,
  formatShortCount,
  formatTook,
} from "../../src/app/numbers-for-people.ts";

function check<A extends unknown[]>(format: (...args: A) => string, expected: [A, string][]): void {
  for (const [args, text] of expected) assert.equal(format(...args), text, JSON.stringify(args));
}

test("counts are grouped, and short where there is no room", () => {
  check(formatCount, [
    [[0], "0"],
    [[1234567.4], "1,234,567"],
    [[null], "–"],
    [[Number.NaN], "–"],
  ]);
  check(formatShortCount, [
    [[9_999], "9,999"],
    [[10_000], "10.0k"],
    [[999_499], "999k"],
    [[999_600], "1.0M"],
    [[12_345_678], "12.3M"],
    [[123_456_789], "123M"],
    [[1e18], "1,000P"],
  ]);
});

test("shares never round up to all nor down to nothing in two decimals", () => {
  check(formatShare, [
    [[0, 10], "0 %"],
    [[10, 10], "100 %"],
    [[9_999_999, 10_000_000], "99.99 %"],
    [[1, 1_000], "0.10 %"],
    [[62, 100], "62.0 %"],
    [[1, 0], "–"],
  ]);
});

test("durations have two units at most", () => {
  check(formatTook, [
    [[0], "0 s"],
    [[0.84], "0.8 ms"],
    [[12.3], "12 ms"],
    [[999.7], "1.0 s"],
    [[59_960], "1 min 00 s"],
    [[125_000], "2 min 05 s"],
    [[10_020_000], "2 h 47 min"],
    [[273_600_000], "3 d 04 h"],
    [[null], "–"],
  ]);
});

test("moments are in UTC", () => {
  check(formatMinute, [[[Date.UTC(2026, 10, 23, 8, 5, 59)], "2026-11-23 08:05"]]);
});
