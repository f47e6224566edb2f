import assert from "node:assert/strict";
import { test } from "node:test";
import { identityOf } from "../../../src/app/dlq/letter.ts";
import { isSelected } from "../../../src/app/dlq/letter-selection.ts";
import { countsText, letterText } from "../../../src/app/dlq/letters-text.ts";
import { listLetters } from "../../../src/app/dlq/list-letters.ts";
import { showLetters } from "../../../src/app/dlq/show-letters.ts";
import { ALL, holding, letter } from "./letters.ts";

test("a reason without its field stands for every field, and no other reason", () => {
  const chosen = (reason: string, ...reasons: string[]) =>
    isSelected(letter({ reason }), { ...ALL, reasons });
  assert(chosen("missing_field:url", "missing_field"));
  assert(chosen("missing_field:url", "not_json", "missing_field:url"));
  assert(!chosen("missing_field:url", "missing_field:user_id", "missing"));
  assert(!chosen("not_json", "not_json:url"));
});

test("letters of other topics and of before are left out", () => {
  const origin = { ...letter({}).origin, topic: "other" };
  assert(!isSelected(letter({ origin }), ALL));
  assert(isSelected(letter({ timestampMs: 5 }), { ...ALL, sinceMs: 5 }));
  assert(!isSelected(letter({ timestampMs: 4 }), { ...ALL, sinceMs: 5 }));
});

test("counts by reason, hour and partition each add up", async () => {
  const first = letter({ offset: 1 });
  const topic = holding(
    first,
    letter({ offset: 2, partition: 3 }),
    letter({ offset: 3, reason: "bad_timestamp", timestampMs: Date.UTC(2026, 10, 23, 7) }),
    letter({ offset: 4, reason: "no_record_time", timestampMs: -1 }),
    letter({ origin: { ...first.origin, topic: "other" } }),
  );
  const counts = await listLetters(topic, new Set([identityOf(first)]), ALL);
  assert.deepEqual(counts, {
    ...{ letters: 4, replayed: 1, repeated: 0, foreign: 0, notSelected: 1 },
    byReason: [
      { reason: "not_json", letters: 2, replayed: 1 },
      { reason: "bad_timestamp", letters: 1, replayed: 0 },
      { reason: "no_record_time", letters: 1, replayed: 0 },
    ],
    byHour: [
      { hour: null, letters: 1, replayed: 0 },
      { hour: "2026-11-23T07:00Z", letters: 1, replayed: 0 },
      { hour: "2026-11-23T08:00Z", letters: 2, replayed: 1 },
    ],
    byPartition: [
      { partition: 0, letters: 3, replayed: 1 },
      { partition: 3, letters: 1, replayed: 0 },
    ],
  });
  assert.match(countsText(counts), /not_json +2 {2}1 of them replayed\n/);
  assert.match(countsText(counts), /\n1 not selected$/);
});

test("the latest letters are shown, oldest first, and bytes that are no text as base64", async () => {
  const letters = Array.from({ length: 500 }, (_, n) =>
    letter({ offset: n, timestampMs: (n * 7) % 500, value: n % 2 === 0 ? Buffer.from([0xff]) : null }),
  );
  const shown = await showLetters(holding(...letters), new Set(), ALL, 3);
  assert.deepEqual(
    shown.map(({ time }) => Date.parse(time ?? "")),
    [497, 498, 499],
  );
  for (const { offset, value, base64 } of shown) {
    assert.deepEqual([value, base64], offset % 2 === 0 ? ["/w==", ["value"]] : [null, undefined]);
  }
});

test("what strangers wrote reaches the terminal with its control characters as escapes", async () => {
  const hostile = letter({ value: Buffer.from("a\u001b[2J\r\u202eb\n"), reason: "\u0007" });
  const [shown] = await showLetters(holding(hostile), new Set(), ALL, 1);
  assert(shown !== undefined);
  const text = letterText(shown);
  assert.match(text, /value {2}a\\u001b\[2J\\u000d\\u202eb\\u000a$/);
  assert.doesNotMatch(text.replaceAll("\n", ""), /\p{Cc}/u);
});
