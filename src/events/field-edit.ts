import { isUtf8 } from "node:buffer";
import { objectMembers, skipSpace, textOf } from "./json-tokens.ts";

/** A member of an event's JSON object that shall have another value. */
export interface FieldEdit {
  field: string;
  /** The value as JSON. */
  json: string;
}

/**
 * The value with its fields edited, every other byte as it was; a field that is absent is added at the end. Undefined
 * when the value is no JSON object.
 */
export function editFields(value: Uint8Array | null, edits: readonly FieldEdit[]): Uint8Array | undefined {
  if (value === null || !isJsonObject(value)) return undefined;
  return edits.reduce(editField, value);
}

function editField(value: Uint8Array, { field, json }: FieldEdit): Uint8Array {
  const members = objectMembers(value);
  const member = members.findLast(({ name }) => name === field); // of repeated names the last one counts
  if (member !== undefined) return spliced(value, member.valueStart, member.valueEnd, json);
  const end = members.at(-1)?.valueEnd ?? skipSpace(value, 0) + 1;
  const comma = members.length === 0 ? "" : ",";
  return spliced(value, end, end, `${comma}${JSON.stringify(field)}:${json}`);
}

function spliced(value: Uint8Array, start: number, end: number, text: string): Uint8Array {
  return Buffer.concat([value.subarray(0, start), Buffer.from(text), value.subarray(end)]);
}

function isJsonObject(value: Uint8Array): boolean {
  if (!isUtf8(value)) return false;
  try {
    const parsed: unknown = JSON.parse(textOf(value, 0, value.length));
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
  } catch {
    return false;
  }
}
