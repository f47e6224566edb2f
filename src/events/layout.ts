import { DEFAULT_EVENT_RULES, EVENT_FIELDS, type KeyField } from "./event.ts";
import { type FieldPaths, fieldPaths } from "./field-paths.ts";
import { QUOTE } from "./json-text.ts";
import { containerValues, objectMembers, opensContainer } from "./json-tokens.ts";

/** What stands between two literals of a layout. The quotes around texts belong to the literals. */
export type LayoutValue =
  | { kind: "text"; fields: readonly KeyField[] }
  | { kind: "number"; fields: readonly KeyField[] }
  | { kind: "timestamp_text" }
  | { kind: "timestamp_number" }
  | OtherValue;

/** A value that is no field. */
export type OtherValue =
  | { kind: "other_text" }
  | { kind: "other_scalar" }
  /** `usual`: how it was written when the layout was learned. Others may differ. */
  | { kind: "other_container"; usual?: LayoutParts<OtherValue> | undefined };

/** Literal bytes and the values between them, in turn, starting and ending with a literal. */
export interface LayoutParts<Value> {
  /** One more than there are values. */
  literals: readonly Uint8Array[];
  values: readonly Value[];
}

/**
 * How a producer writes its events. Every value that fits it is an event whose only unknowns are the contents of the
 * values; a field that none of them gives has its preset.
 */
export interface Layout extends LayoutParts<LayoutValue> {
  /** Equal for equal layouts; the usual inside of containers doesn't count. */
  signature: string;
}

/** More would make a layout's code large, and is not how an event is written. */
const MAX_VALUES = 96;
const MAX_LITERAL_BYTES = 8_192;
/** Of one container that is no field; more is left to code that knows no layout. */
const MAX_USUAL_VALUES = 32;
const MAX_USUAL_BYTES = 2_048;
const MAX_USUAL_DEPTH = 8;

const OPENING_BRACE = 0x7b;
const LOWER_N = 0x6e;

/**
 * The layout of a value, which must be one that is an event, whose fields stand where `paths` says; undefined when it
 * has none worth knowing: too much beside the fields, or an array where an object would lead to a field. Of members of one
 * name only the last counts, the others may be anything.
 */
export function layoutOf(event: Uint8Array, paths: FieldPaths): Layout | undefined {
  const found = valuesOf(event, 0, event.length, paths);
  if (found === undefined) return undefined;
  const { literals, values } = partsOf(event, 0, event.length, found);
  if (values.length > MAX_VALUES || sizeOf(literals) > MAX_LITERAL_BYTES) return undefined;
  const signature = literals.map((literal, i) => `${hex(literal)} ${values[i]?.kind ?? ""}`).join(" ");
  return { literals, values, signature };
}

/** Compact JSON with the fields in the order of `EVENT_FIELDS`: what the generator writes. */
export function compactLayout(): Layout {
  const event = Object.fromEntries(EVENT_FIELDS.map((field) => [field, "x"]));
  return layoutOf(Buffer.from(JSON.stringify(event)), fieldPaths(DEFAULT_EVENT_RULES))!;
}

/** The bytes of `event[start, end)` around and between the values found in it. */
function partsOf<Value>(
  event: Uint8Array,
  start: number,
  end: number,
  found: readonly FoundValue<Value>[],
): LayoutParts<Value> {
  const literals: Uint8Array[] = [];
  let literalStart = start;
  for (const { start: from, end: to } of found) {
    const quotes = event[from] === QUOTE ? 1 : 0;
    literals.push(event.slice(literalStart, from + quotes));
    literalStart = to - quotes;
  }
  literals.push(event.slice(literalStart, end));
  return { literals, values: found.map(({ value }) => value) };
}

function sizeOf(literals: readonly Uint8Array[]): number {
  return literals.reduce((total, literal) => total + literal.length, 0);
}

interface FoundValue<Value> {
  value: Value;
  start: number;
  end: number;
}

/** The values in the object at `event[start, end)` and in those objects inside that lead to fields, in order. */
function valuesOf(
  event: Uint8Array,
  start: number,
  end: number,
  paths: FieldPaths,
): FoundValue<LayoutValue>[] | undefined {
  const members = objectMembers(event.subarray(start, end));
  const last = new Map(members.map((member) => [member.name, member]));
  const values: FoundValue<LayoutValue>[] = [];
  for (const member of members) {
    const [from, to] = [start + member.valueStart, start + member.valueEnd];
    const inside = last.get(member.name) === member ? paths.members.get(member.name) : undefined;
    if (event[from] === OPENING_BRACE && inside !== undefined && inside.members.size > 0) {
      const nested = valuesOf(event, from, to, inside);
      if (nested === undefined) return undefined;
      values.push(...nested);
      continue;
    }
    const value = layoutValue(event, from, to, inside);
    if (value === "ambiguous") return undefined;
    if (value !== "literal") values.push({ value, start: from, end: to });
  }
  return values;
}

function layoutValue(
  event: Uint8Array,
  start: number,
  end: number,
  paths: FieldPaths | undefined,
): LayoutValue | "literal" | "ambiguous" {
  // Where an object would lead to a field, "some container" says too little.
  if (opensContainer(event[start]!) && paths !== undefined) return "ambiguous";
  const fields = paths?.fields ?? [];
  if (fields.length === 0) return otherValue(event, start, end, 1);
  const isText = event[start] === QUOTE;
  if (event[start] === LOWER_N) return "literal"; // null, in whose place the default stands
  if (!fields.includes("timestamp")) {
    return { kind: isText ? "text" : "number", fields: fields as readonly KeyField[] };
  }
  if (fields.length > 1) return "ambiguous";
  return { kind: isText ? "timestamp_text" : "timestamp_number" };
}

/** A value that is no field, at some depth of containers that are none. */
function otherValue(event: Uint8Array, start: number, end: number, depth: number): OtherValue {
  if (!opensContainer(event[start]!)) return { kind: event[start] === QUOTE ? "other_text" : "other_scalar" };
  if (depth > MAX_USUAL_DEPTH) return { kind: "other_container" };
  const found = containerValues(event.subarray(start, end)).map(
    ({ valueStart, valueEnd }): FoundValue<OtherValue> => {
      const [from, to] = [start + valueStart, start + valueEnd];
      return { value: otherValue(event, from, to, depth + 1), start: from, end: to };
    },
  );
  const usual = partsOf(event, start, end, found);
  const isLarge = found.length > MAX_USUAL_VALUES || sizeOf(usual.literals) > MAX_USUAL_BYTES;
  return { kind: "other_container", usual: isLarge ? undefined : usual };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}
