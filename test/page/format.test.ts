import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatBytes, formatPoints, formatShare, UNKNOWN } from "../../src/web/page/format/numbers.js";
import { shownText } from "../../src/web/page/format/text.js";
import {
  formatAge,
  formatDuration,
  formatSpan,
  formatTick,
  formatWindow,
} from "../../src/web/page/format/times.js";

const EIGHT = Date.UTC(2026, 10, 23, 8);
const MINUTE = 60_000;

test("shares that are not quite nothing or all do not look like it", () => {
  assert.deepEqual([0, 0.00001, 0.0004, 0.5123, 0.9999, 0.999999, 1].map(formatShare), [
    "0.0 %",
    "< 0.01 %",
    "0.04 %",
    "51.2 %",
    "99.99 %",
    "> 99.99 %",
    "100.0 %",
  ]);
  assert.equal(formatShare(Number.NaN), UNKNOWN);
  assert.deepEqual([0.0131, -0.004, 0.0001, null].map(formatPoints), ["+1.3", "−0.4", "±0.0", UNKNOWN]);
});

test("spans, ages, durations and bytes", () => {
  assert.deepEqual([58, 999.6, 4_230, 59_960, 185_000, 7_800_000, 356_400_000].map(formatSpan), [
    "58 ms",
    "1.0 s",
    "4.2 s",
    "1 min 00 s",
    "3 min 05 s",
    "2 h 10 min",
    "4 d 3 h",
  ]);
  assert.deepEqual([0, 4_200, 61_000, 7_300_000, null].map(formatAge), [
    "now",
    "4 s ago",
    "1 min ago",
    "2 h ago",
    UNKNOWN,
  ]);
  assert.deepEqual([300_000, 90_000, 3_600_000, 250].map(formatDuration), ["5 min", "90 s", "1 h", "250 ms"]);
  assert.deepEqual([0, 1_023, 1_024, 2.5 * 1024 ** 2].map(formatBytes), [
    "0 B",
    "1,023 B",
    "1.0 KiB",
    "2.5 MiB",
  ]);
});

test("a window has its day unless it is the one beside it, and seconds where it needs them", () => {
  assert.equal(formatWindow(EIGHT, EIGHT + 5 * MINUTE), "2026-11-23 08:00–08:05");
  assert.equal(formatWindow(EIGHT, EIGHT + 5 * MINUTE, EIGHT + 3_600_000), "08:00–08:05");
  assert.equal(formatWindow(EIGHT, EIGHT + 500, EIGHT), "08:00:00–08:00:00");
  assert.equal(formatTick(EIGHT, MINUTE), "08:00");
  assert.equal(formatTick(EIGHT - 8 * 3_600_000, MINUTE), "11-23");
});

test("a text of any kind is bounded, and holds nothing that can't be seen", () => {
  assert.equal(shownText("\u202Egpj.exe\u0000"), "⟨202e⟩gpj.exe⟨0000⟩");
  assert.equal(shownText("x".repeat(1_000_000)).length, 241);
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 500 }), (text) => {
      const shown = shownText(text);
      assert.ok(shown.isWellFormed());
      assert.doesNotMatch(shown, /[\p{Cc}\u200b-\u200f\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
});
