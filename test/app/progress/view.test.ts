import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { renderPlainLine } from "../../../src/app/progress/plain-line.ts";
import { renderView } from "../../../src/app/progress/view.ts";
import { plainStyle } from "../../../src/app/terminal.ts";
import { BEGINNING, HUGE, MIDDLE } from "./snapshots.ts";

const GOLDEN: Record<string, string[]> = {
  "middle, 80 columns": [
    "produced   ━━━━━━━━━━━━━━━━━━━━╸────────────   62.0 %   6,204,000 of 10,000,000",
    "processed  ━━━━━━━━━━━━━━━━━━━──────────────   58.0 %   5,800,123 of 10,000,000",
    "lag        ━━╸────────────────────────────────             403,877 events",
    "in         412,346 events/s",
    "batches    1,000 events in 2.4 ms · 2.1 ms · 13 ms · 2.0 ms",
    "out        398,112 events/s",
    "commits    17, the last in 12 ms · 12 ms · 250 ms · 1.2 s",
    "windows    165 closed, 14 open, through 2026-11-23 06:31 UTC",
    "late       5,732",
    "dead       580  not_json 312  bad_timestamp 201  missing_field:url 67",
    "elapsed    16.4 s",
  ],
  "middle, 40 columns": [
    "produced   62.0 %   6.2M of 10.0M",
    "processed  58.0 %   5.8M of 10.0M",
    "lag        ╸────           404k events",
    "in         412k events/s",
    "batches    1,000 events in 2.4 ms · 2.…",
    "out        398k events/s",
    "commits    17, the last in 12 ms · 12 …",
    "windows    165 closed, 14 open, throug…",
    "late       5,732",
    "dead       580  not_json 312  bad_time…",
    "elapsed    16.4 s",
  ],
  "beginning, 70 columns": [
    "produced   ───────────────────────      0 %           0 of 10,000,000",
    "processed  ───────────────────────      0 %           0 of 10,000,000",
    "lag        –",
    "in         0 events/s",
    "batches    1,000 events in –",
    "out        0 events/s",
    "commits    0, the last in –",
    "windows    0 closed, 0 open",
    "late       0",
    "dead       0",
    "elapsed    0 s",
  ],
  "huge, 100 columns": [
    "produced   123,456,789,012,345, live since 1,000,000,000,000",
    "processed  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  99.99 %  123,456,789,000,000 of 123,456,789,012,345",
    "lag        ───────────────────────────────────                        12,345 events",
    "in         98,765,432 events/s",
    "batches    100,000 events in 2 h 00 min",
    "out        398,112 events/s",
    "commits    17, the last in 12 ms · 12 ms · 250 ms · 1.2 s",
    "windows    9,876,543,210 closed, 14 open, through 2026-11-23 06:31 UTC",
    "late       5,732",
    "dead       26,000,325  wrong_type:field_25 1,000,025  wrong_type:field_24 1,000,024  wrong_type:fi…",
    "elapsed    400 d 00 h",
  ],
};

for (const [title, snapshot, width] of [
  ["middle, 80 columns", MIDDLE, 80],
  ["middle, 40 columns", MIDDLE, 40],
  ["beginning, 70 columns", BEGINNING, 70],
  ["huge, 100 columns", HUGE, 100],
] as const) {
  test(`the view of the ${title}`, () => {
    assert.deepEqual(renderView(snapshot, { width, style: plainStyle }).split("\n"), GOLDEN[title]);
  });
}

test("no line is as wide as the terminal", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 21, max: 300 }),
      fc.constantFrom(BEGINNING, MIDDLE, HUGE),
      (width, snapshot) => {
        for (const line of renderView(snapshot, { width, style: plainStyle }).split("\n")) {
          assert.ok(line.length < width, `${line.length}: ${line}`);
        }
      },
    ),
  );
});

test("a process that only generates or only processes shows its own part", () => {
  const labels = (view: string): string[] => view.split("\n").map((line) => line.split(" ")[0]!);
  const options = { width: 80, style: plainStyle };
  assert.deepEqual(labels(renderView({ ...MIDDLE, engine: null }, options)), [
    "produced",
    "in",
    "batches",
    "elapsed",
  ]);
  assert.deepEqual(labels(renderView({ ...MIDDLE, producer: null }, options)).slice(0, 3), [
    "processed",
    "lag",
    "out",
  ]);
});

test("formats change the look, never the text", () => {
  const marked = renderView(MIDDLE, { width: 80, style: (format, text) => `<${format}>${text}</>` });
  assert.match(marked, /<cyan>━+╸<\/>/);
  const text = marked.replaceAll(/<[a-z/]*>/g, "");
  assert.deepEqual(text.split("\n"), GOLDEN["middle, 80 columns"]);
});

test("without a terminal the same in one line", () => {
  assert.equal(
    renderPlainLine(MIDDLE),
    "after 16.4 s · produced 6,204,000 (62.0 % of 10,000,000) at 412,346/s · last batch 2.4 ms" +
      " · processed 5,800,123 at 398,112/s · lag 403,877 · commit 17 in 12 ms · windows 165 closed, 14 open" +
      " · late 5,732, dead 580",
  );
});
