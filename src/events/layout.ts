import { DEFAULT_EVENT_RULES, EVENT_FIELDS, type KeyField } from "./event.ts";
import { type FieldPaths, fieldPaths } from "./field-paths.ts";
import { QUOTE } from "./json-text.ts";
import { objectMembers, opensContainer } from "./json-tokens.ts";

/** What stands between two literals of a layout. The quotes around texts belong to the literals. */
export type LayoutValue =
  | { kind: "text"; fields: readonly KeyField[] }
  | { kind: "number"; fields: readonly KeyField[] }
  | { kind: "timestamp_text" }
  | { kind: "timestamp_number" }
  | { kind: "other_text" }
  | { kind: "other_scalar" }
  | { kind: "other_container" };

/**
 * How a producer writes its events: literal bytes and the values between them, in turn, starting and ending with a
 * literal. Every value that fits it is an event whose only unknowns are the contents of the values; a field that none of
 * them gives has its preset.
 */
export interface Layout {
  /** One more than there are values. */
  literals: readonly Uint8Array[];
  values: readonly LayoutValue[];
  /** Equal for equal layouts. */
  signature: string;
}

/** More would make a layout's code large, and is not how an event is written. */
const MAX_VALUES = 96;
const MAX_LITERAL_BYTES = 8_192;

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
  const literals: Uint8Array[] = [];
  let literalStart = 0;
  for (const { start, end } of found) {
    const quotes = event[start] === QUOTE ? 1 : 0;
    literals.push(event.slice(literalStart, start + quotes));
    literalStart = end - quotes;
  }
  literals.push(event.slice(literalStart));
  const values = found.map(({ value }) => value);
  const literalBytes = literals.reduce((total, literal) => total + literal.length, 0);
  if (values.length > MAX_VALUES || literalBytes > MAX_LITERAL_BYTES) return undefined;
  const signature = literals.map((literal, i) => `${hex(literal)} ${values[i]?.kind ?? ""}`).join(" ");
  return { literals, values, signature };
}

/** Compact JSON with the fields in the order of `EVENT_FIELDS`: what the generator writes. */
export function compactLayout(): Layout {
  const event = Object.fromEntries(EVENT_FIELDS.map((field) => [field, "x"]));
  return layoutOf(Buffer.from(JSON.stringify(event)), fieldPaths(DEFAULT_EVENT_RULES))!;
}

interface FoundValue {
  value: LayoutValue;
  start: number;
  end: number;
}

/** The values in the object at `event[start, end)` and in those objects inside that lead to fields, in order. */
function valuesOf(
  event: Uint8Array,
  start: number,
  end: number,
  paths: FieldPaths,
): FoundValue[] | undefined {
  const members = objectMembers(event.subarray(start, end));
  const last = new Map(members.map((member) => [member.name, member]));
  const values: FoundValue[] = [];
  for (const member of members) {
    const [from, to] = [start + member.valueStart, start + member.valueEnd];
    const inside = last.get(member.name) === member ? paths.members.get(member.name) : undefined;
    if (event[from] === OPENING_BRACE && inside !== undefined && inside.members.size > 0) {
      const nested = valuesOf(event, from, to, inside);
      if (nested === undefined) return undefined;
      values.push(...nested);
      continue;
    }
    const value = layoutValue(event, from, inside);
    if (value === "ambiguous") return undefined;
    if (value !== "literal") values.push({ value, start: from, end: to });
  }
  return values;
}

function layoutValue(
  event: Uint8Array,
  start: number,
  paths: FieldPaths | undefined,
): LayoutValue | "literal" | "ambiguous" {
  // Where an object would lead to a field, "some container" says too little.
  if (opensContainer(event[start]!)) return paths === undefined ? { kind: "other_container" } : "ambiguous";
  const isText = event[start] === QUOTE;
  const fields = paths?.fields ?? [];
  if (fields.length === 0) return { kind: isText ? "other_text" : "other_scalar" };
  if (event[start] === LOWER_N) return "literal"; // null, in whose place the default stands
  if (!fields.includes("timestamp")) {
    return { kind: isText ? "text" : "number", fields: fields as readonly KeyField[] };
  }
  if (fields.length > 1) return "ambiguous";
  return { kind: isText ? "timestamp_text" : "timestamp_number" };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}
