import { EVENT_FIELDS, type EventField, type KeyField } from "./event.ts";
import { QUOTE } from "./json-text.ts";
import { type JsonMember, objectMembers, opensContainer } from "./json-tokens.ts";

/** What stands between two literals of a layout. The quotes around texts belong to the literals. */
export type LayoutValue =
  | { kind: "text"; field: KeyField }
  | { kind: "timestamp_text" }
  | { kind: "timestamp_number" }
  | { kind: "other_text" }
  | { kind: "other_scalar" }
  | { kind: "other_container" };

/**
 * How a producer writes its events: literal bytes and the values between them, in turn, starting and ending with a
 * literal. Every value that fits it is an event whose only unknowns are the contents of the values.
 */
export interface Layout {
  /** One more than there are values. */
  literals: readonly Uint8Array[];
  values: readonly LayoutValue[];
  /** Equal for equal layouts. */
  signature: string;
}

/** More would make a layout's code large, and is not how an event is written. */
const MAX_VALUES = 32;
const MAX_LITERAL_BYTES = 2_048;

/**
 * The layout of a value, which must be one that is an event; undefined when it has none worth knowing: too much beside the
 * fields. Of a field that is given twice only the last counts, the others may be anything.
 */
export function layoutOf(event: Uint8Array): Layout | undefined {
  const members = objectMembers(event);
  const last = new Map(members.map((member) => [member.name, member]));
  const literals: Uint8Array[] = [];
  const values: LayoutValue[] = [];
  let literalStart = 0;
  for (const member of members) {
    const value = layoutValue(event, member, last.get(member.name) === member);
    const quotes = event[member.valueStart] === QUOTE ? 1 : 0;
    values.push(value);
    literals.push(event.slice(literalStart, member.valueStart + quotes));
    literalStart = member.valueEnd - quotes;
  }
  literals.push(event.slice(literalStart));
  const literalBytes = literals.reduce((total, literal) => total + literal.length, 0);
  if (values.length > MAX_VALUES || literalBytes > MAX_LITERAL_BYTES) return undefined;
  const signature = literals.map((literal, i) => `${hex(literal)} ${values[i]?.kind ?? ""}`).join(" ");
  return { literals, values, signature };
}

/** Compact JSON with the fields in the order of `EVENT_FIELDS`: what the generator writes. */
export function compactLayout(): Layout {
  const event: Record<EventField, string> = Object.fromEntries(
    EVENT_FIELDS.map((field) => [field, "x"]),
  ) as Record<EventField, string>;
  return layoutOf(Buffer.from(JSON.stringify(event)))!;
}

function layoutValue(event: Uint8Array, { name, valueStart }: JsonMember, counts: boolean): LayoutValue {
  const isText = event[valueStart] === QUOTE;
  if (counts && name === "timestamp") return { kind: isText ? "timestamp_text" : "timestamp_number" };
  if (counts && (EVENT_FIELDS as readonly string[]).includes(name))
    return { kind: "text", field: name as KeyField };
  if (opensContainer(event[valueStart]!)) return { kind: "other_container" };
  return { kind: isText ? "other_text" : "other_scalar" };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}
