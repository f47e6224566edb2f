import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { count, query } from "../../src/queries/query.ts";
import { OpenWindows } from "../../src/windows/open-windows.ts";
import { Slot } from "../../src/windows/slot.ts";
import { encodeSlot } from "../../src/windows/slot-codec.ts";
import { groupByWindows } from "../../src/windows/window-groups.ts";

const PIPELINE = { sizeMs: 5_000, slideMs: 1_000 };
const QUERIES = [
  query("sliding", { by: [], measures: { events: count() } }),
  query("tumbling", { window: "4s", by: [], measures: { events: count() } }),
  query("also_sliding", { window: "5s", slide: "1s", by: ["url"], measures: { events: count() } }),
];
const GROUPS = groupByWindows(QUERIES, PIPELINE);
const NOTHING = new Int32Array(0);

/** A slot without events: only which windows are open matters here. */
function emptySlot(group: number, paneStartMs: number, firstEndMs: number) {
  const { plan } = GROUPS[group]!;
  const slot = new Slot(plan);
  const tables = slot.tables.map((columns) => ({ columns, keyOffset: 0, rows: NOTHING }));
  return { group, paneStartMs, firstEndMs, bytes: encodeSlot(plan, slot.strings, tables, paneStartMs) };
}

test("queries of the same windows are one group, in the order of their first queries", () => {
  assert.deepEqual(
    GROUPS.map(({ queries }) => queries.map(({ name }) => name)),
    [["sliding", "also_sliding"], ["tumbling"]],
  );
});

const slots = fc.array(
  fc.record({ group: fc.nat(1), pane: fc.nat(30), late: fc.nat(4) }).map(({ group, pane, late }) => {
    const { sizeMs, slideMs } = GROUPS[group]!.windows;
    const firstEndMs = (pane + 1 + (late % (sizeMs / slideMs))) * slideMs;
    return { group, paneStartMs: pane * slideMs, firstEndMs };
  }),
  { maxLength: 20 },
);

test("the windows that are open are those that some slot counts in", () => {
  fc.assert(
    fc.property(slots, fc.integer({ min: -1, max: 40 }), fc.nat(40), (all, after, length) => {
      const open = new OpenWindows(GROUPS);
      for (const { group, paneStartMs, firstEndMs } of all)
        open.add(emptySlot(group, paneStartMs, firstEndMs));
      const [afterMs, throughMs] = [after * 1_000, (after + length) * 1_000];
      const expected = new Set<string>();
      for (const { group, paneStartMs, firstEndMs } of all) {
        const { sizeMs, slideMs } = GROUPS[group]!.windows;
        for (let endMs = firstEndMs; endMs <= paneStartMs + sizeMs; endMs += slideMs) {
          if (endMs > afterMs && endMs <= throughMs) expected.add(`${endMs}/${group}`);
        }
      }
      const found = open.ends(afterMs, throughMs);
      assert.deepEqual(new Set(found.map(({ endMs, group }) => `${endMs}/${group}`)), expected);
      assert.equal(found.length, expected.size);
      assert(found.every(({ endMs }, index) => index === 0 || endMs >= found[index - 1]!.endMs));
    }),
  );
});

test("a time is final as soon as a window of some query ends there", () => {
  const open = new OpenWindows(GROUPS);
  assert.equal(open.lastEndBy(8_999), 8_000);
  assert.equal(open.lastEndBy(Number.NEGATIVE_INFINITY), Number.NEGATIVE_INFINITY);
  assert.equal(open.lastEndMs, Number.NEGATIVE_INFINITY);
  open.add(emptySlot(1, 8_000, 12_000));
  assert.equal(open.lastEndMs, 12_000);
});
