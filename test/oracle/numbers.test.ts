// Numbers by two readings written apart: canonical text of the engine, big integers of the oracle.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { approximateMicros, decimalText, microsOf, microsText } from "../../src/events/decimal.ts";
import type { EventRules, KeyField } from "../../src/events/event.ts";
import { judge } from "../../src/events/judge.ts";
import { compileScanner } from "../../src/events/scanner.ts";
import { millionthsOf, numberText } from "../../src/oracle/number.ts";
import { oracleVerdict } from "../../src/oracle/verdict.ts";
import { numberTokens } from "../events/mappings.ts";
import { batchOf, scanAll, scanned } from "../events/scanning.ts";
import { SMALL_RULES } from "../simulation/event-values.ts";

const TEXTS: readonly (readonly [token: string, text: string | undefined])[] = [
  ["0", "0"],
  ["-0", "0"],
  ["-0.0000004", "0"],
  ["19.90", "19.9"],
  ["1E5", "100000"],
  ["12e-1", "1.2"],
  ["0.30000000000000004", "0.3"],
  ["0.0000005", "0.000001"],
  ["-0.0000005", "-0.000001"],
  ["0.00000049999999999999999999", "0"],
  ["1.0000015", "1.000002"],
  ["4503599627.3704965", "4503599627.370497"],
  ["123456789012.1234565", "123456789012.123457"],
  ["999999999999.9999994", "999999999999.999999"],
  ["999999999999.9999995", undefined],
  ["-1000000000000", undefined],
  ["12345678901234567890", undefined],
  ["1e400", undefined],
  ["1e-400", "0"],
  ["1e99999999999", undefined],
  ["1e-99999999999", "0"],
  ["0e99999999999", "0"],
  [`0.${"0".repeat(900)}1e907`, "1000000"],
];

test("the number that a token writes, rounded half away from zero to six places", () => {
  for (const [token, text] of TEXTS) {
    assert.equal(decimalText(token), text, token);
    const millionths = millionthsOf(token);
    assert.equal(millionths === undefined ? undefined : numberText(millionths), text, token);
  }
});

test("what is no number has no text", () => {
  for (const token of ["true", "null", "1.", ".5", "1_000", "0x1", "", "1e", "+1"]) {
    assert.equal(decimalText(token), undefined, token);
  }
});

test("a canonical text stands for itself, and its millionths are exact as long as a double can hold them", () => {
  const most = 10n ** 18n - 1n;
  fc.assert(
    fc.property(fc.bigInt({ min: -most, max: most }), fc.nat(15), (large, shift) => {
      const micros = large / 10n ** BigInt(shift);
      const text = microsText(micros);
      assert.equal(decimalText(text), text);
      assert.equal(microsOf(text), micros);
      const approximate = approximateMicros(Buffer.from(`x${text}x`), 1, text.length);
      const isSafe = micros <= Number.MAX_SAFE_INTEGER && micros >= -Number.MAX_SAFE_INTEGER;
      assert.equal(Number.isSafeInteger(approximate), isSafe);
      if (isSafe) assert.equal(approximate, Number(micros));
    }),
    { numRuns: 5_000 },
  );
});

const eventWith = (token: string): Buffer =>
  Buffer.from(
    `{"event_id":"e","user_id":"u","price":${token},"session_id":"s","url":"/","action":"view",` +
      `"timestamp":"2026-11-23T08:05:00.123Z","device_type":"mobile","browser":"b"}`,
  );
const RULES: EventRules = {
  ...SMALL_RULES,
  extraFields: { price: { path: ["price"], type: "number" } } as EventRules["extraFields"],
};

test("scanner, judge and oracle agree on every number, and on all that is nearly one", () => {
  const near = fc
    .tuple(numberTokens, fc.constantFrom("", "", "", " ", "0", ".", "e", "-", "_", '"', "\n", "]"))
    .map(([token, more]) => token + more);
  const fields = ["price", "url"] as KeyField[];
  fc.assert(
    fc.property(fc.array(near, { minLength: 1, maxLength: 40 }), (tokens) => {
      const values = [...Array<string>(10).fill("1.5"), ...tokens, ...tokens].map(eventWith);
      const verdicts = values.map((value) => judge(value, RULES));
      values.forEach((value, row) => {
        assert.deepEqual(oracleVerdict(value, RULES), verdicts[row], value.toString());
      });
      const scanner = compileScanner({ fields, rules: RULES });
      const expected = verdicts.map((verdict) => scanned(verdict, fields));
      const digits = Buffer.from("9".repeat(32)); // what follows a value must not matter
      for (const after of [Buffer.alloc(16), digits]) {
        assert.deepEqual(scanAll(scanner, fields, batchOf(values, after)), expected);
      }
    }),
    { numRuns: 2_000 },
  );
});
