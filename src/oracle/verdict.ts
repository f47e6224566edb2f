import type {
  ClickEvent,
  EventField,
  EventRules,
  ExtraField,
  FieldSource,
  NumberSource,
} from "../events/event.ts";
import type { DeadReason } from "../events/reasons.ts";
import { instantOfNumber, instantOfText } from "./instant.ts";
import { exceedsJsonLimits } from "./json-limits.ts";
import { millionthsOf, numberText } from "./number.ts";

/** What becomes of a value, seen alone: the log decides later whether an event is from the future or late. */
export type OracleVerdict = { event: ClickEvent } | { reason: DeadReason };

const FIELDS: readonly EventField[] = [
  "event_id",
  "user_id",
  "session_id",
  "url",
  "action",
  "timestamp",
  "device_type",
  "browser",
];

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The JSON value of the bytes, or undefined when they are not JSON. A byte-order mark stays in and is refused. */
function parse(bytes: Uint8Array): { text: string; value: unknown } | undefined {
  try {
    const text = utf8.decode(bytes);
    return { text, value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** The verdict on one value: the first reason that applies, in the order in which they stand here. */
export function oracleVerdict(bytes: Uint8Array | null, rules: EventRules): OracleVerdict {
  if (bytes !== null && bytes.length > rules.maxEventBytes) return { reason: "too_large" };

  const json = bytes === null ? undefined : parse(bytes);
  if (json === undefined || exceedsJsonLimits(json.text)) return { reason: "not_json" };
  const { text, value } = json;
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject) return { reason: "not_an_object" };
  const fields = fieldsOf(value, rules);
  const extraNames = Object.keys(rules.extraFields ?? {}) as ExtraField[];
  const names = [...FIELDS, ...extraNames];
  for (const field of names) {
    const content = fields.get(field);
    if (typeof content === "string" && !content.isWellFormed()) return { reason: "not_json" };
  }

  for (const field of names) {
    const content = fields.get(field);
    const numberSource = numberSourceOf(rules, field);
    const mayBeText = numberSource === undefined;
    const mayBeNumber = field === "timestamp" || numberSource !== undefined;
    const typeIsRight =
      (mayBeText && typeof content === "string") || (mayBeNumber && typeof content === "number");
    if (!fields.has(field)) return { reason: `missing_field:${field}` };
    if (!typeIsRight) return { reason: `wrong_type:${field}` };
    if (content === "") return { reason: `empty_field:${field}` };
    if (numberSource === undefined) continue;
    const characters = numberCharacters(text, numberSource);
    const millionths = millionthsOf(characters === "" ? (numberSource.default ?? "") : characters);
    if (millionths === undefined) return { reason: `out_of_range:${field as ExtraField}` };
    fields.set(field, numberText(millionths));
  }

  const timestamp = fields.get("timestamp");
  const timeMs =
    typeof timestamp === "string"
      ? instantOfText(timestamp)
      : instantOfNumber(numberCharacters(text, rules.fields?.timestamp ?? { path: ["timestamp"] }));
  if (timeMs === undefined) return { reason: "bad_timestamp" };

  const string = (field: EventField | ExtraField): string => fields.get(field) as string;
  const event: ClickEvent = {
    event_id: string("event_id"),
    user_id: string("user_id"),
    session_id: string("session_id"),
    url: string("url"),
    action: string("action"),
    device_type: string("device_type"),
    browser: string("browser"),
    timeMs,
  };
  for (const name of extraNames) event[name] = string(name);
  if (!rules.actions.includes(event.action)) return { reason: "unknown_action" };
  if (!rules.deviceTypes.includes(event.device_type)) return { reason: "unknown_device_type" };
  return { event };
}

function numberSourceOf(rules: EventRules, field: EventField | ExtraField): NumberSource | undefined {
  const source = rules.extraFields?.[field as ExtraField];
  return source !== undefined && "type" in source ? source : undefined;
}

/** What stands at the end of a path; undefined, which no JSON is, when it leads nowhere. */
function at(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== "object" || found === null || Array.isArray(found)) return undefined;
    if (!Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

/** What a source says of an event: constants, defaults and translations in place; undefined when it says nothing. */
function contentOf(event: unknown, source: FieldSource | NumberSource): unknown {
  if ("value" in source) return source.value;
  const content = at(event, source.path);
  const isNumber = "type" in source;
  if (content === undefined || content === null) {
    if (source.default === undefined) return content;
    return isNumber ? Number(source.default) : source.default;
  }
  const isTranslated = !isNumber && typeof content === "string" && Object.hasOwn(source.map ?? {}, content);
  return isTranslated ? source.map?.[content] : content;
}

/** The fields that the event has, by our names. */
function fieldsOf(event: unknown, rules: EventRules): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const note = (field: string, source: FieldSource | NumberSource): void => {
    const content = contentOf(event, source);
    if (content !== undefined) found.set(field, content);
  };
  for (const field of FIELDS) note(field, rules.fields?.[field] ?? { path: [field] });
  for (const [field, source] of Object.entries(rules.extraFields ?? {})) note(field, source);
  return found;
}

/** The characters of the number at the end of the path, none when there is none: the double may have been rounded. */
function numberCharacters(text: string, source: FieldSource | NumberSource): string {
  const path = "path" in source ? source.path : [];
  const found = new Map<unknown, string>();
  const note = function (this: unknown, name: string, value: unknown, { source = "" }: { source?: string }) {
    if (name === path.at(-1) && typeof value === "number") found.set(this, source);
    return value;
  };
  const outermost: unknown = JSON.parse(
    text,
    note as (this: unknown, name: string, value: unknown) => unknown,
  );
  return found.get(at(outermost, path.slice(0, -1))) ?? "";
}
