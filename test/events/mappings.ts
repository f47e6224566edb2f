// Random field mappings, and events of producers that write what the mapping reads: mostly.
import fc from "fast-check";
import {
  DEFAULT_EVENT_RULES,
  EVENT_FIELDS,
  type EventRules,
  type FieldSource,
} from "../../src/events/event.ts";

const names = fc.constantFrom("a", "b", "user_id", "url", "__proto__", "constructor", "é", 'x.y"');
const anyPath = fc.array(names, { minLength: 1, maxLength: 3 });

function sourceArbitrary(field: string): fc.Arbitrary<FieldSource> {
  const path = fc.oneof(
    { weight: 1, arbitrary: anyPath },
    { weight: 6, arbitrary: anyPath.map((steps) => [`my ${field}`, ...steps.slice(1)]) },
    { weight: 3, arbitrary: fc.constant(["properties", `my ${field}`]) },
  );
  if (field === "timestamp") return path.map((steps) => ({ path: steps }));
  const allowed: Record<string, readonly string[]> = {
    action: DEFAULT_EVENT_RULES.actions,
    device_type: DEFAULT_EVENT_RULES.deviceTypes,
  };
  const word = fc.constantFrom(...(allowed[field] ?? ["u1", "/a", "日本"]), "other");
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

/** Rules with some fields mapped. Paths may be shared, or lead through what another path reads. */
export const mappedRules: fc.Arbitrary<EventRules> = fc
  .record(Object.fromEntries(EVENT_FIELDS.map((field) => [field, sourceArbitrary(field)])), {
    requiredKeys: [],
    noNullPrototype: true,
  })
  .map((fields) => ({ ...DEFAULT_EVENT_RULES, maxEventBytes: 600, fields }));

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
    fc.constant<readonly string[]>(EVENT_FIELDS),
    fc.shuffledSubarray([...EVENT_FIELDS], { minLength: 8 }),
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
    EVENT_FIELDS.map((field) => {
      const usual: Record<string, readonly string[]> = {
        action: ["view", "click", "page", "track", "constructor"],
        device_type: ["mobile", "Desktop", "tablet"],
        timestamp: ["2026-11-23T08:05:00.123Z", "2026-11-23T08:05:59Z"],
      };
      const text = fc
        .constantFrom(...(usual[field] ?? ["u1", "/a", "日本", "a\n/"]))
        .map((one) => JSON.stringify(one));
      const number = fc.constantFrom("1764000000123", "1.7e12", "1764000000123.5");
      return [
        field,
        fc.oneof(
          { weight: 30, arbitrary: text },
          { weight: field === "timestamp" ? 8 : 0, arbitrary: number },
          { weight: 1, arbitrary: anything },
        ),
      ];
    }),
  ),
);

/** An event of that shape, its fields where the rules look for them. */
export function mappedEvent(
  { fields: sources }: EventRules,
  shape: Shape,
  values: Readonly<Record<string, string>>,
): Buffer {
  const members: Members = [];
  for (const field of shape.fields) {
    const source = sources?.[field as keyof typeof sources] ?? { path: [field] };
    if ("path" in source) put(members, source.path, values[field]!);
  }
  for (const [steps, json] of shape.extras) put(members, ["extra", ...steps], json);
  return Buffer.from(written(members, shape.comma));
}
