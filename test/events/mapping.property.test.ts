// Three readings of mapped events, each written apart: scanner, judge and oracle.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  DEFAULT_EVENT_RULES,
  EVENT_FIELDS,
  type EventKey,
  type EventRules,
  extraFieldsOf,
  type KeyField,
} from "../../src/events/event.ts";
import { judge } from "../../src/events/judge.ts";
import { compileScanner } from "../../src/events/scanner.ts";
import { oracleVerdict } from "../../src/oracle/verdict.ts";
import { contents, mappedEvent, mappedRules, shapeArbitrary } from "./mappings.ts";
import { batchOf, scanAll, scanned } from "./scanning.ts";

const KEYS = EVENT_FIELDS.filter((field): field is EventKey => field !== "timestamp");
const fieldSets = fc.constantFrom<readonly KeyField[]>(KEYS, ["url", "user_id", "action"], ["browser"], []);

/** Enough that a layout is learned within a batch. */
const rows = fc.array(contents, { minLength: 12, maxLength: 30 });

function assertAgreement(
  rules: EventRules,
  fields: readonly KeyField[],
  values: readonly Uint8Array[],
): void {
  const verdicts = values.map((value) => judge(value, rules));
  values.forEach((value, row) => {
    assert.deepEqual(verdicts[row], oracleVerdict(value, rules), Buffer.from(value).toString());
  });
  const wanted = [...fields, ...extraFieldsOf(rules).slice(fields.length % 4)];
  const scanner = compileScanner({ fields: wanted, rules });
  const records = batchOf(values);
  const expected = verdicts.map((verdict) => scanned(verdict, wanted));
  for (let round = 0; round < 2; round++) assert.deepEqual(scanAll(scanner, wanted, records), expected);
  scanner.reset();
  assert.deepEqual(scanAll(scanner, wanted, records), expected);
}

test("scanner, judge and oracle agree on events of a steady producer, whatever the mapping", () => {
  fc.assert(
    fc.property(mappedRules, shapeArbitrary, rows, fieldSets, (rules, shape, contentsOfRows, fields) => {
      assertAgreement(
        rules,
        fields,
        contentsOfRows.map((values) => mappedEvent(rules, shape, values)),
      );
    }),
    { numRuns: 1_500 },
  );
});

test("… and on events of many shapes, with bytes changed", () => {
  const change = fc.record({
    at: fc.nat(300),
    removed: fc.constantFrom(0, 1, 1, 2, 20),
    inserted: fc.constantFrom("", '"', "}", ",", "null", '"a":1,', "\\", "\n", '{"a":', "é"),
  });
  const row = fc.record({
    values: contents,
    shape: shapeArbitrary,
    changes: fc.array(change, { maxLength: 1 }),
  });
  fc.assert(
    fc.property(
      mappedRules,
      fc.array(row, { maxLength: 12 }),
      shapeArbitrary,
      fieldSets,
      (rules, made, steady, fields) => {
        const values = made.flatMap(({ values, shape, changes }, index) => {
          const event = mappedEvent(rules, index % 2 === 0 ? steady : shape, values);
          const changed = changes.map(({ at, removed, inserted }) =>
            Buffer.concat([event.subarray(0, at), Buffer.from(inserted), event.subarray(at + removed)]),
          );
          return [...Array<Buffer>(index === 0 ? 10 : 1).fill(event), ...changed];
        });
        assertAgreement(rules, fields, values);
      },
    ),
    { numRuns: 1_000 },
  );
});

test("the made events are often accepted: else they would prove little", () => {
  let [accepted, all] = [0, 0];
  fc.assert(
    fc.property(mappedRules, shapeArbitrary, contents, (rules, shape, values) => {
      all++;
      if ("event" in judge(mappedEvent(rules, shape, values), rules)) accepted++;
    }),
    { numRuns: 1_000, seed: 1 },
  );
  assert(accepted > all / 20, `${accepted} of ${all}`);
});

test("a steady producer's nested, translated and missing fields are read without JSON.parse", (t) => {
  const rules: EventRules = {
    ...DEFAULT_EVENT_RULES,
    fields: {
      event_id: { path: ["id"] },
      url: { path: ["context", "page", "url"] },
      action: { path: ["type"], map: { page: "view", track: "click" } },
      device_type: { value: "desktop" },
      browser: { path: ["context", "browser"], default: "unknown" },
      session_id: { path: ["context", "session"], default: "none" },
    },
  };
  const values = Array.from({ length: 100 }, (_, n) =>
    Buffer.from(
      JSON.stringify({
        type: n % 3 === 0 ? "page" : n % 3 === 1 ? "track" : "scroll",
        context: { page: { url: `/p${n % 7}`, title: `Page ${n}` }, session: null, ip: [127, 0, 0, 1] },
        id: `e${n}`,
        user_id: `u${n % 5}`,
        timestamp: new Date(1_764_000_000_000 + n).toISOString(),
      }),
    ),
  );
  const expected = values.map((value) => scanned(judge(value, rules), KEYS));
  const scanner = compileScanner({ fields: KEYS, rules });
  const parse = t.mock.method(JSON, "parse");
  const records = batchOf(values);
  assert.deepEqual(scanAll(scanner, KEYS, records), expected);
  const learning = parse.mock.callCount();
  assert(learning > 0);
  scanner.reset();
  assert.deepEqual(scanAll(scanner, KEYS, records), expected);
  assert.equal(parse.mock.callCount(), learning);
});

test("a steady producer's numbers are read without JSON.parse, however they are written", (t) => {
  const rules: EventRules = {
    ...DEFAULT_EVENT_RULES,
    extraFields: {
      discount: { path: ["cart", "discount"], type: "number", default: "0" },
      price: { path: ["cart", "price"], type: "number" },
    } as EventRules["extraFields"],
  };
  const tokens = ["19.99", "5", "-0.50", "1e3", "0.1", "0.30000000000000004", "123456789012.123456", "-0"];
  const values = Array.from({ length: 120 }, (_, n) =>
    Buffer.from(
      JSON.stringify({
        event_id: `e${n}`,
        cart: { discount: null, price: "~", currency: "EUR" },
        user_id: `u${n % 5}`,
        session_id: "s",
        url: "/",
        action: "view",
        timestamp: new Date(1_764_000_000_000 + n).toISOString(),
        device_type: "mobile",
        browser: "b",
      }).replace('"~"', tokens[n % tokens.length]!),
    ),
  );
  const fields = ["price", "discount", "url"] as KeyField[];
  const expected = values.map((value) => scanned(judge(value, rules), fields));
  assert.deepEqual(
    expected.slice(0, 8).map((one) => "texts" in one && one.texts.price),
    ["19.99", "5", "-0.5", "1000", "0.1", "0.3", "123456789012.123456", "0"],
  );
  const scanner = compileScanner({ fields, rules });
  const parse = t.mock.method(JSON, "parse");
  const records = batchOf(values);
  assert.deepEqual(scanAll(scanner, fields, records), expected);
  const learning = parse.mock.callCount();
  scanner.reset();
  assert.deepEqual(scanAll(scanner, fields, records), expected);
  assert.equal(parse.mock.callCount(), learning);
});

test("an array or a text where an object would lead to a field gives no layout that an object fits", () => {
  const rules: EventRules = {
    ...DEFAULT_EVENT_RULES,
    fields: { browser: { path: ["app", "name"], default: "none" } },
  };
  const event = (app: unknown): Buffer =>
    Buffer.from(
      JSON.stringify({
        event_id: "e",
        user_id: "u",
        session_id: "s",
        app,
        url: "/",
        action: "view",
        timestamp: "2026-11-23T08:05:00.123Z",
        device_type: "mobile",
      }),
    );
  for (const other of [[1], [{ name: "x" }], "text", 5, null, {}, { version: 1 }]) {
    const values = [...Array<Buffer>(20).fill(event(other)), event({ name: "Shop" }), event({ name: 7 })];
    assertAgreement(rules, ["browser", "url"], values);
  }
});
