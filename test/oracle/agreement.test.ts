// Two verdicts, written apart from one definition, over values that nobody would send and many more.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "../../src/core/random.ts";
import { judge } from "../../src/events/judge.ts";
import { oracleVerdict } from "../../src/oracle/verdict.ts";
import { BROKEN, brokenValue, SMALL_RULES, soundValue } from "../simulation/event-values.ts";

const TIME_MS = Date.UTC(2026, 10, 23, 8, 5, 0, 123);

function assertAgreement(value: Uint8Array | null): void {
  const shown = value === null ? "null" : Buffer.from(value).toString("latin1");
  assert.deepEqual(judge(value, SMALL_RULES), oracleVerdict(value, SMALL_RULES), shown);
}

test("the engine's verdict is the oracle's for every kind of sound and broken value", () => {
  for (let seed = 0; seed < 2_000; seed++) {
    assertAgreement(soundValue(seededRandom(seed), TIME_MS));
    assertAgreement(brokenValue(seededRandom(seed), TIME_MS));
  }
  for (const { value } of BROKEN) {
    const made = value({ ...SOUND }, seededRandom(1));
    assertAgreement(typeof made === "string" ? Buffer.from(made) : made);
  }
});

const SOUND = {
  event_id: "e",
  user_id: "u",
  session_id: "s",
  url: "/",
  action: "view",
  timestamp: TIME_MS,
  device_type: "tablet",
  browser: "b",
};

test("… for values with bytes changed, left out, repeated and put in", () => {
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    remove: fc.nat(3),
    insert: fc.oneof(
      fc.uint8Array({ maxLength: 3 }),
      fc.constantFrom(
        '"',
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\\u",
        "\\ud800",
        "0",
        ".",
        "e",
        "-",
        "\ufeff",
        " ",
      ),
    ),
  });
  fc.assert(
    fc.property(fc.nat(), fc.boolean(), fc.array(edit, { maxLength: 4 }), (seed, broken, edits) => {
      const random = seededRandom(seed);
      let value = (broken ? brokenValue(random, TIME_MS) : soundValue(random, TIME_MS)) ?? Buffer.alloc(0);
      for (const { at, remove, insert } of edits) {
        const position = Math.floor(at * value.length);
        const inserted = typeof insert === "string" ? Buffer.from(insert) : insert;
        value = Buffer.concat([value.subarray(0, position), inserted, value.subarray(position + remove)]);
      }
      assertAgreement(value);
    }),
    { numRuns: 3_000 },
  );
});

test("… for timestamps, which have the most rules", () => {
  const digits = (count: number) => fc.stringMatching(new RegExp(`^[0-9]{${count}}$`));
  const two = fc.oneof(fc.nat(31), fc.nat(99)).map((number) => `${number}`.padStart(2, "0"));
  const text = fc
    .tuple(
      fc.oneof(fc.constantFrom("1969", "1970", "2024", "2100", "9999", "0000"), digits(4)),
      two,
      two,
      fc.constantFrom("T", "t", " ", "T", "T"),
      two,
      two,
      two,
      fc.oneof(
        fc.constant(""),
        fc.nat(10).chain((count) => digits(count).map((fraction) => `.${fraction}`)),
      ),
      fc.oneof(
        fc.constantFrom("Z", "z", "", "+0000"),
        fc
          .tuple(fc.constantFrom("+", "-"), two, two)
          .map(([sign, hours, minutes]) => `${sign}${hours}:${minutes}`),
      ),
    )
    .map(
      ([y, mo, d, t, h, mi, s, fraction, zone]) => `"${y}-${mo}-${d}${t}${h}:${mi}:${s}${fraction}${zone}"`,
    );
  const number = fc
    .tuple(
      fc.constantFrom("", "-"),
      fc.nat(253_402_300_900_000),
      fc.constantFrom("", ".0", ".000", ".5"),
      fc.integer({ min: -20, max: 20 }),
    )
    .map(
      ([sign, whole, fraction, exponent]) =>
        `${sign}${whole}${fraction}${exponent === 0 ? "" : `e${exponent}`}`,
    );
  fc.assert(
    fc.property(
      fc.oneof(text, number, fc.double({ noNaN: true, noDefaultInfinity: true }).map(String)),
      (timestamp) => {
        assertAgreement(Buffer.from(JSON.stringify({ ...SOUND, timestamp: "~" }).replace('"~"', timestamp)));
      },
    ),
    { numRuns: 5_000 },
  );
});
