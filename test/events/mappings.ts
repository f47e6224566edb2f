// Random field mappings, and events of producers that write what the mapping reads: mostly.
import fc from "fast-check";
import {
  DEFAULT_EVENT_RULES,
  EVENT_FIELDS,
  type EventField,
  type EventRules,
  type FieldSource,
  type NumberSource,
} from "../../src/events/event.ts";
import { sourceOf } from "../../src/events/field-source.ts";

const names = fc.constantFrom("a", "b", "user_id", "url", "__proto__", "constructor", "é", 'x.y"');
const anyPath = fc.array(names, { minLength: 1, maxLength: 3 });

function sourceArbitrary(field: string): fc.Arbitrary<FieldSource> {
  const path = fc.oneof(
    { weight: 1, arbitrary: anyPath },
    { weight: 6, arbitrary: anyPath.map((steps) => [`my ${field}`, ...steps.slice(1)]) },
    { weight: 3, arbitrary: fc.constant(["properties", `my ${field}`]) },
  );
  if (field === "timestamp") return path.map((steps) => ({ path: steps }));
  const allowed = new Map<string, readonly string[]>([
    ["action", DEFAULT_EVENT_RULES.actions],
    ["device_type", DEFAULT_EVENT_RULES.deviceTypes],
  ]);
  const word = fc.constantFrom(...(allowed.get(field) ?? ["u1", "/a", "日本"]), "other");
  const map = fc.dictionary(fc.constantFrom("page", "track", "Desktop", "u1", "", "constructor"), word, {
    maxKeys: 4,
    noNullPrototype: true,
  });
  return fc.oneof(
    { weight: 4, arbitrary: path.map((steps) => ({ path: steps })) },
    {
      weight: 4,
      arbitrary: fc.record({ path, default: word, map }, { requiredKeys: ["path"], noNullPrototype: true }),
    },
    { weight: 1, arbitrary: word.map((value) => ({ value })) },
  );
}

/** Names that are also JavaScript's, and one that holds numbers. */
export const EXTRA_FIELDS = ["class", "constructor", "price"] as const;

const numberSource: fc.Arbitrary<NumberSource> = fc.record(
  {
    path: fc.oneof(
      anyPath,
      fc.constantFrom(["my price"], ["properties", "my price"], ["cart", "my price"]),
      fc.constantFrom(["my price"], ["properties", "my price"], ["properties", "my class"]),
    ),
    type: fc.constant("number" as const),
    default: fc.constantFrom("0", "-0.5", "12"),
  },
  { requiredKeys: ["path", "type"], noNullPrototype: true },
);

const zeros = fc.nat(20).map((count) => "0".repeat(count));
const digits = fc.oneof(
  fc.stringMatching(/^[0-9]{1,20}$/),
  fc.constantFrom("0", "5", "49", "50", "999999", "9999995", "000001", "0000004999", "0000005"),
);
/** As JSON writes numbers, and nearly so: leading zeros and missing digits make some of them none. */
export const numberTokens: fc.Arbitrary<string> = fc.oneof(
  fc.nat(10_000).map((cents) => (cents / 100).toFixed(2)),
  fc.integer({ min: -1_000, max: 1_000 }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.double({ noNaN: true, min: -1e13, max: 1e13 }).map(String),
  fc
    .tuple(
      fc.constantFrom("", "", "-", "+"),
      fc.oneof(fc.constantFrom("0", "1", "999999999999", "1000000000"), digits),
      fc.oneof(
        fc.constant(""),
        fc.tuple(digits, zeros).map(([some, more]) => `.${some}${more}`),
      ),
      fc.oneof(
        fc.constant(""),
        fc
          .tuple(fc.constantFrom("e", "E"), fc.constantFrom("", "+", "-"), fc.oneof(fc.nat(30), fc.nat(500)))
          .map((parts) => parts.join("")),
      ),
    )
    .map((parts) => parts.join("")),
  fc.constantFrom(
    ...[
      "0",
      "-0",
      "-0.0",
      "0.0000000",
      "1E5",
      "1e+2",
      "1e400",
      "-1e400",
      "1e-400",
      "1e99999999999",
      "1e-99999999999",
    ],
    ...[
      "0e99999999999",
      "0.30000000000000004",
      "12345678901234567890",
      "999999999999.9999994",
      "999999999999.9999995",
    ],
    ...[
      "-999999999999.9999995",
      "0.0000005",
      "-0.0000005",
      "0.00000049999999999999999999999",
      "1.0000005",
      "5e-7",
    ],
    ...[
      "123456789.123456",
      "1234567890.123456",
      "1_000",
      "01",
      ".5",
      "5.",
      "1e",
      "-",
      "+1",
      "0x10",
      "1.5.5",
      "1e5.5",
    ],
  ),
);

/** Rules with some fields mapped, and perhaps fields of one's own. Paths may be shared, or lead through what another path reads. */
export const mappedRules: fc.Arbitrary<EventRules> = fc.record({
  maxEventBytes: fc.constant(600),
  actions: fc.constant(DEFAULT_EVENT_RULES.actions),
  deviceTypes: fc.constant(DEFAULT_EVENT_RULES.deviceTypes),
  fields: fc.record(Object.fromEntries(EVENT_FIELDS.map((field) => [field, sourceArbitrary(field)])), {
    requiredKeys: [],
    noNullPrototype: true,
  }),
  extraFields: fc.option(
    fc.record(
      Object.fromEntries(
        EXTRA_FIELDS.map((field): [string, fc.Arbitrary<FieldSource | NumberSource>] => [
          field,
          field === "price" ? numberSource : sourceArbitrary(field),
        ]),
      ),
      { noNullPrototype: true },
    ),
    { nil: undefined },
  ),
});

/** A member as a list of name and content, so that names may repeat and may be `__proto__`. */
type Members = [name: string, content: string | Members][];

function put(members: Members, [name = "", ...rest]: readonly string[], json: string): void {
  const known = members.find((member) => member[0] === name);
  if (rest.length === 0) {
    if (known === undefined) members.push([name, json]);
    else if (typeof known[1] === "string") known[1] = json;
  } else if (known === undefined) {
    const inside: Members = [];
    put(inside, rest, json);
    members.push([name, inside]);
  } else if (typeof known[1] !== "string") {
    put(known[1], rest, json);
  }
}

function written(members: Members, comma: string): string {
  const texts = members.map(
    ([name, content]) =>
      `${JSON.stringify(name)}:${typeof content === "string" ? content : written(content, comma)}`,
  );
  return `{${texts.join(comma)}}`;
}

/** What all events of one producer have in common. */
export interface Shape {
  /** In this order, fields that it writes at all. */
  fields: readonly string[];
  comma: string;
  /** Members beside the fields: where, and what. */
  extras: readonly (readonly [path: readonly string[], json: string])[];
}

export const shapeArbitrary: fc.Arbitrary<Shape> = fc.record({
  fields: fc.oneof(
    fc.constant<readonly string[]>([...EVENT_FIELDS, ...EXTRA_FIELDS]),
    fc.shuffledSubarray([...EVENT_FIELDS, ...EXTRA_FIELDS], { minLength: 10 }),
    fc.shuffledSubarray([...EVENT_FIELDS], { minLength: 3 }),
  ),
  comma: fc.constantFrom(",", ", ", ',"z":1,', ',"b":"again",'),
  extras: fc.array(
    fc.tuple(anyPath, fc.constantFrom("1.5", "null", "true", '"text"', "[1]", '{"a":{"b":"x"}}', "{}")),
    { maxLength: 3 },
  ),
});

/** Contents that any field may have. */
const anything = fc.constantFrom("null", "7", '""', "[]", '{"a":"x"}', '"\\ud800"', '"é"', "true");

export const contents: fc.Arbitrary<Readonly<Record<string, string>>> = fc.record(
  Object.fromEntries(
    [...EVENT_FIELDS, ...EXTRA_FIELDS].map((field) => {
      const usual = new Map<string, readonly string[]>([
        ["action", ["view", "click", "page", "track", "constructor"]],
        ["device_type", ["mobile", "Desktop", "tablet"]],
        ["timestamp", ["2026-11-23T08:05:00.123Z", "2026-11-23T08:05:59Z"]],
      ]);
      const text = fc
        .constantFrom(...(usual.get(field) ?? ["u1", "/a", "日本", "a\n/"]))
        .map((one) => JSON.stringify(one));
      const number = fc.constantFrom("1764000000123", "1.7e12", "1764000000123.5");
      return [
        field,
        fc.oneof(
          { weight: 30, arbitrary: field === "price" ? numberTokens : text },
          { weight: field === "timestamp" ? 8 : 0, arbitrary: number },
          { weight: 1, arbitrary: anything },
        ),
      ];
    }),
  ),
);

/** An event of that shape, its fields where the rules look for them. */
export function mappedEvent(
  rules: EventRules,
  shape: Shape,
  values: Readonly<Record<string, string>>,
): Buffer {
  const members: Members = [];
  for (const field of shape.fields) {
    const source = sourceOf(rules, field as EventField);
    if (source === undefined) continue; // an extra field, where there are none
    if ("path" in source) put(members, source.path, values[field]!);
  }
  for (const [steps, json] of shape.extras) put(members, ["extra", ...steps], json);
  return Buffer.from(written(members, shape.comma));
}
