import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type AbortedTransaction, AbortedTransactionFilter } from "../../src/kafka/aborted-transactions.ts";

interface LogBatch {
  firstOffset: number;
  lastOffset: number;
  producerId: number;
  transactional: boolean;
  marker: "commit" | "abort" | undefined;
  /** What the filter must find out. */
  visible: boolean;
}

/** Producers take turns: each step writes a batch inside or outside of a transaction, or ends the transaction. */
const anySteps = fc.array(
  fc.record({
    producerId: fc.integer({ min: 1, max: 4 }),
    act: fc.constantFrom("write", "write", "write plainly", "commit", "abort"),
    records: fc.integer({ min: 1, max: 3 }),
  }),
  { maxLength: 60 },
);

type Steps = typeof anySteps extends fc.Arbitrary<infer T> ? T : never;

/** The log that these steps leave, and the aborted transactions with the offset of their markers. */
function writeLog(steps: Steps) {
  const batches: LogBatch[] = [];
  const open = new Map<number, LogBatch[]>();
  const aborted: (AbortedTransaction & { lastOffset: number })[] = [];
  let offset = 0;
  for (const { producerId, act, records } of steps) {
    const ends = act === "commit" || act === "abort";
    if (ends && !open.has(producerId)) continue;
    if (act === "write plainly" && open.has(producerId)) continue;
    const batch: LogBatch = {
      firstOffset: offset,
      lastOffset: offset + (ends ? 0 : records - 1),
      producerId,
      transactional: act !== "write plainly",
      marker: ends ? act : undefined,
      visible: act === "write plainly",
    };
    offset = batch.lastOffset + 1;
    batches.push(batch);
    if (act === "write") open.set(producerId, [...(open.get(producerId) ?? []), batch]);
    if (!ends) continue;
    const transaction = open.get(producerId)!;
    open.delete(producerId);
    if (act === "commit") for (const member of transaction) member.visible = true;
    else aborted.push({ producerId, firstOffset: transaction[0]!.firstOffset, lastOffset: batch.lastOffset });
  }
  const lastStable = Math.min(
    offset,
    ...[...open.values()].map((transaction) => transaction[0]!.firstOffset),
  );
  return { batches: batches.filter(({ lastOffset }) => lastOffset < lastStable), aborted };
}

test("exactly the committed and the plain batches are visible, however the log is cut into fetches", () => {
  fc.assert(
    fc.property(anySteps, fc.array(fc.integer({ min: 1, max: 8 })), (steps, fetchSizes) => {
      const { batches, aborted } = writeLog(steps);
      for (let from = 0, fetch = 0; from < batches.length; fetch++) {
        const fetched = batches.slice(from, from + (fetchSizes[fetch % fetchSizes.length] ?? 8));
        from += fetched.length;
        // As a broker does: the aborted transactions that overlap what is fetched, in the order of their markers.
        const listed = aborted.filter(
          ({ firstOffset, lastOffset }) =>
            firstOffset <= fetched.at(-1)!.lastOffset && lastOffset >= fetched[0]!.firstOffset,
        );
        const filter = new AbortedTransactionFilter(listed);
        for (const batch of fetched) {
          assert.equal(filter.isVisible(batch), batch.visible, JSON.stringify(batch));
        }
      }
    }),
    { numRuns: 2000 },
  );
});
