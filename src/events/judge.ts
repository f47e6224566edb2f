import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { decimalText } from "./decimal.ts";
import {
  type ClickEvent,
  EVENT_FIELDS,
  type EventField,
  type EventRules,
  type ExtraField,
  extraFieldsOf,
  type KeyField,
  type NumberSource,
} from "./event.ts";
import { fieldValue, isNumberSource, sourceOf } from "./field-source.ts";
import { exceedsJsonLimits } from "./json-limits.ts";
import { objectMembers, skipSpace, textOf } from "./json-tokens.ts";
import type { DeadReason } from "./reasons.ts";
import { integralTimeMs, parseTimestamp } from "./timestamp.ts";

const OPENING_BRACE = 0x7b;

/** What becomes of a value by itself: an event, or the first reason why it is none. */
export type Verdict = { event: ClickEvent } | { reason: DeadReason };

/**
 * The verdict on one Kafka value (null for a null value): slow, and the only authority. Reasons that need the record or
 * the log (`no_record_time`, `from_the_future`, lateness) are for the caller.
 */
export function judge(value: Uint8Array | null, rules: EventRules): Verdict {
  if (value === null) return { reason: "not_json" };
  if (value.length > rules.maxEventBytes) return { reason: "too_large" };
  const parsed = parse(value);
  if (parsed === undefined) return { reason: "not_json" };
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    return { reason: "not_an_object" };
  const extraFields = extraFieldsOf(rules);
  const fields = extraFields.length === 0 ? EVENT_FIELDS : [...EVENT_FIELDS, ...extraFields];
  const values = {} as Record<EventField | ExtraField, unknown>;
  for (const field of fields) values[field] = fieldValue(parsed, sourceOf(rules, field));
  if (fields.some((field) => isBrokenText(values[field]))) return { reason: "not_json" };
  for (const field of fields) {
    const source = sourceOf(rules, field);
    const isNumber = isNumberSource(source);
    const reason = fieldReason(field, values[field], isNumber);
    if (reason !== undefined) return { reason };
    if (!isNumber) continue;
    values[field] = numberText(value, source);
    if (values[field] === undefined) return { reason: `out_of_range:${field as ExtraField}` };
  }
  const { timestamp, ...texts } = values as Record<KeyField, string> & { timestamp: string | number };
  const timeMs = typeof timestamp === "string" ? textTimeMs(timestamp) : numberTimeMs(value, rules);
  if (Number.isNaN(timeMs)) return { reason: "bad_timestamp" };
  if (!rules.actions.includes(texts.action)) return { reason: "unknown_action" };
  if (!rules.deviceTypes.includes(texts.device_type)) return { reason: "unknown_device_type" };
  const { event_id, user_id, session_id, url, action, device_type, browser } = texts;
  const event: ClickEvent = { event_id, user_id, session_id, url, action, device_type, browser, timeMs };
  for (const field of extraFields) event[field] = texts[field] as string;
  return { event };
}

/** The parsed value, or undefined when it is not JSON that both engines take. */
function parse(value: Uint8Array): unknown {
  if (!isUtf8(value)) return undefined;
  let parsed: unknown;
  try {
    // Keeps a byte-order mark, which JSON.parse refuses, as it does the empty text.
    parsed = JSON.parse(textOf(value, 0, value.length));
  } catch {
    return undefined;
  }
  return exceedsJsonLimits(value) ? undefined : parsed;
}

/** Whether a value is a string with half of a surrogate pair, which has no UTF-8 form. */
function isBrokenText(value: unknown): boolean {
  return typeof value === "string" && !value.isWellFormed();
}

function fieldReason(
  field: EventField | ExtraField,
  value: unknown,
  isNumber: boolean,
): DeadReason | undefined {
  if (value === undefined) return `missing_field:${field}`;
  const isRight =
    typeof value === (isNumber ? "number" : "string") || (field === "timestamp" && typeof value === "number");
  if (!isRight) return `wrong_type:${field}`;
  return value === "" ? `empty_field:${field}` : undefined;
}

function textTimeMs(text: string): number {
  const bytes = Buffer.from(text);
  return parseTimestamp(bytes, 0, bytes.length);
}

/** Reads the number from its token: as a double it may look integral when it is not. */
function numberTimeMs(value: Uint8Array, rules: EventRules): number {
  const source = sourceOf(rules, "timestamp");
  assert("path" in source, "a timestamp has a path");
  return integralTimeMs(tokenAt(value, source.path)!);
}

/** The number of a field that is a number or has its default; undefined when it is out of range. */
function numberText(value: Uint8Array, source: NumberSource): string | undefined {
  const token = tokenAt(value, source.path);
  return token === undefined || token === "null" ? source.default : decimalText(token);
}

/** The JSON at the end of a path; undefined when it leads nowhere. */
function tokenAt(value: Uint8Array, path: readonly string[]): string | undefined {
  let json = value;
  for (const step of path) {
    if (json[skipSpace(json, 0)] !== OPENING_BRACE) return undefined;
    const member = objectMembers(json).findLast(({ name }) => name === step);
    if (member === undefined) return undefined;
    json = json.subarray(member.valueStart, member.valueEnd);
  }
  return textOf(json, 0, json.length);
}
