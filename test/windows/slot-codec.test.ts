import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Dictionary } from "../../src/events/dictionary.ts";
import type { KeyField } from "../../src/events/event.ts";
import { Slot, type SlotColumns } from "../../src/windows/slot.ts";
import { decodeSlot, encodeSlot } from "../../src/windows/slot-codec.ts";
import { encodeInPieces } from "../../src/windows/slot-pieces.ts";
import type { TablePlan } from "../../src/windows/table-plan.ts";
import { TupleTable } from "../../src/windows/tuple-table.ts";

const PLAN: TablePlan = {
  fields: ["user_id", "url"],
  tables: [
    { fields: ["user_id", "url"], times: true },
    { fields: ["url"], times: false },
  ],
};
const PANE_MS = Date.UTC(2026, 10, 23, 8);
const events = fc.array(
  fc.record({ slot: fc.nat(2), user: fc.string(), url: fc.string({ unit: "binary" }), atMs: fc.nat(59_999) }),
  { maxLength: 400 },
);

/** A slot's content as text, whatever its ids are. */
function content({ strings, tables }: SlotColumns): string[][] {
  const text = (field: KeyField, id: number): string => {
    const table = strings[field]!;
    return Buffer.from(table.arena).toString(
      "utf8",
      table.startOf(id),
      table.startOf(id) + table.lengthOf(id),
    );
  };
  return tables.map((table, index) => {
    const { fields, times } = PLAN.tables[index]!;
    return Array.from({ length: table.size }, (_, row) => {
      const key = fields.map((field, k) => text(field, table.keys[row * table.width + k]!));
      const spans = times ? [table.minMs[row], table.maxMs[row]] : [];
      return JSON.stringify([key, table.counts[row], spans]);
    }).sort();
  });
}

test("a slot read back is the slot that was written, without the strings of other slots", () => {
  fc.assert(
    fc.property(events, (all) => {
      const strings = { user_id: new Dictionary(), url: new Dictionary() };
      const tables = PLAN.tables.map(({ fields, times }) => new TupleTable(fields.length + 1, times));
      for (const { slot, user, url, atMs } of all) {
        const ids = { user_id: strings.user_id.internString(user), url: strings.url.internString(url) };
        PLAN.tables.forEach(({ fields }, index) => {
          const key = Int32Array.from([slot, ...fields.map((field) => ids[field as "url"])]);
          tables[index]!.add(tables[index]!.row(key, 0), 1, PANE_MS + atMs, PANE_MS + atMs);
        });
      }
      const expected = new Slot(PLAN);
      const own = all.filter(({ slot }) => slot === 1);
      for (const { user, url, atMs } of own) {
        const userId = expected.strings.user_id!.internString(user);
        const urlId = expected.strings.url!.internString(url);
        const [byBoth, byUrl] = expected.tables as [TupleTable, TupleTable];
        byBoth.add(byBoth.row(Int32Array.of(userId, urlId), 0), 1, PANE_MS + atMs, PANE_MS + atMs);
        byUrl.add(byUrl.row(Int32Array.of(urlId), 0), 1, 0, 0);
      }
      const rows = tables.map((columns) => ({
        columns,
        keyOffset: 1,
        rows: Int32Array.from({ length: columns.size }, (_, row) => row).filter(
          (row) => columns.keys[row * columns.width] === 1,
        ),
      }));
      const decoded = decodeSlot(PLAN, encodeSlot(PLAN, strings, rows, PANE_MS), PANE_MS);
      assert.deepEqual(content(decoded), content(expected));
      assert.equal(decoded.strings.user_id?.size, new Set(own.map(({ user }) => user)).size);
    }),
  );
});

test("a slot in pieces, however small, is the same slot when they are merged", () => {
  fc.assert(
    fc.property(events, fc.integer({ min: 1, max: 2_000 }), (all, pieceBytes) => {
      const slot = new Slot(PLAN);
      for (const { user, url, atMs } of all) {
        const ids = [slot.strings.user_id!.internString(user), slot.strings.url!.internString(url)] as const;
        const [byBoth, byUrl] = slot.tables as [TupleTable, TupleTable];
        byBoth.add(byBoth.row(Int32Array.of(...ids), 0), 1, PANE_MS + atMs, PANE_MS + atMs);
        byUrl.add(byUrl.row(Int32Array.of(ids[1]), 0), 1, 0, 0);
      }
      const pieces = [...encodeInPieces(PLAN, slot, PANE_MS, pieceBytes)];
      const merged = new Slot(PLAN);
      for (const bytes of pieces) merged.merge(decodeSlot(PLAN, bytes, PANE_MS));
      assert.deepEqual(content(merged), content(slot));
      if (all.length > 100) assert(pieces.length > 1, "100 rows take more than 2,000 bytes");
    }),
  );
});

test("damaged bytes are noticed", () => {
  const slot = new Slot(PLAN);
  const rows = slot.tables.map((columns) => ({ columns, keyOffset: 0, rows: new Int32Array(0) }));
  const bytes = encodeSlot(PLAN, slot.strings, rows, PANE_MS);
  bytes[3] = (bytes[3] ?? 0) ^ 1;
  assert.throws(() => decodeSlot(PLAN, bytes, PANE_MS), /damaged/);
});
