import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CountedIds, type EncodedIds } from "../../src/engines/embedded/counted-ids.ts";
import { Dictionary } from "../../src/events/dictionary.ts";

/** Ids in a dictionary whose padding is full of what was there before, as in a scanner's. */
function adder(): (ids: CountedIds, id: string, untilMs: number, watermarkMs: number) => boolean {
  const dictionary = new Dictionary();
  return (ids, id, untilMs, watermarkMs) => {
    dictionary.clear();
    dictionary.internString("\u00ff".repeat(50));
    dictionary.clear();
    return ids.add(dictionary, dictionary.internString(id), untilMs, watermarkMs);
  };
}

function restored(state: readonly EncodedIds[]): CountedIds {
  const ids = new CountedIds();
  for (const part of state) ids.restore(part);
  return ids;
}

// Prefixes of each other, lengths around whole words, the bytes of a word in other places.
const idArbitrary = fc.constantFrom(
  ...[
    "a",
    "ab",
    "abc",
    "abcd",
    "abcde",
    "bcda",
    "é",
    "\u0000",
    "a\u0000",
    "a\u0000\u0000\u0000",
    "abcd\u0000",
  ],
  ..."0123456789".split("").map((digit) => `7f9c2ba4-e88f-427d-8f1e-${digit.repeat(12)}`),
);
const stepArbitrary = fc.oneof(
  { weight: 12, arbitrary: fc.record({ id: idArbitrary, ahead: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 2, arbitrary: fc.record({ advance: fc.nat(8) }) },
  { weight: 2, arbitrary: fc.constant("commit" as const) },
  { weight: 1, arbitrary: fc.constant("restart" as const) },
);

test("they are those of a plain map, through commits, restarts and forgetting", () => {
  fc.assert(
    fc.property(fc.array(stepArbitrary, { maxLength: 200 }), (steps) => {
      const add = adder();
      let ids = new CountedIds();
      let model = new Map<string, number>();
      let committed = new Map<string, number>();
      let state: EncodedIds[] = [];
      let watermarkMs = 0;
      for (const step of steps) {
        if (step === "commit") {
          state = [...state, ...ids.takeNew(watermarkMs)].filter(({ untilMs }) => untilMs > watermarkMs);
          committed = new Map(model);
        } else if (step === "restart") {
          ids = restored(state);
          model = new Map(committed);
        } else if ("advance" in step) {
          watermarkMs += step.advance * 1_000;
        } else {
          const untilMs = watermarkMs + step.ahead * 1_000;
          const isNew = (model.get(step.id) ?? 0) <= watermarkMs;
          if (isNew) model.set(step.id, untilMs);
          assert.equal(add(ids, step.id, untilMs, watermarkMs), isNew, step.id);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("ids that have run out are forgotten, and their memory is given back", () => {
  const add = adder();
  const ids = new CountedIds();
  let greatestBytes = 0;
  for (let second = 0; second < 400; second++) {
    for (let n = 0; n < 500; n++)
      assert(add(ids, `event ${second} ${n}`, (second + 10) * 1_000, second * 1_000));
    ids.takeNew(second * 1_000);
    if (second === 60) greatestBytes = ids.byteLength;
  }
  assert(ids.byteLength <= greatestBytes, "200,000 ids take no more than the first 30,000 did");
  assert.equal(add(ids, "event 399 0", 500_000, 399_000), false);
});

test("damaged ids are found", () => {
  const ids = new CountedIds();
  adder()(ids, "an id", 1_000, 0);
  const [part] = ids.takeNew(0);
  for (let at = 0; at < part!.bytes.length; at++) {
    const bytes = Uint8Array.from(part!.bytes);
    bytes[at] = (bytes[at] as number) ^ 4;
    assert.throws(() => restored([{ untilMs: 1_000, bytes }]), /damaged/);
  }
});
