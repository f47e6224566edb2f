import {
  EVENT_FIELDS,
  type EventField,
  type EventRules,
  type ExtraField,
  type FieldSource,
  type NumberSource,
} from "./event.ts";

const SAME_NAME = Object.fromEntries(
  EVENT_FIELDS.map((field) => [field, { path: [field] }]),
) as unknown as Readonly<Record<EventField, FieldSource>>;

/** Where the rules take a field from: the member of the same name unless they say otherwise. */
export function sourceOf(
  { fields, extraFields }: EventRules,
  field: EventField | ExtraField,
): FieldSource | NumberSource {
  const declared = extraFields !== undefined && Object.hasOwn(extraFields, field);
  if (declared) return extraFields[field as ExtraField] as FieldSource | NumberSource;
  return fields?.[field as EventField] ?? SAME_NAME[field as EventField];
}

/** Whether a field holds numbers. */
export function isNumberSource(source: FieldSource | NumberSource): source is NumberSource {
  return "type" in source;
}

/** The text that stands for a field whatever the event holds, or when it holds nothing; undefined when there is none. */
export function presetOf(source: FieldSource | NumberSource): string | undefined {
  return "value" in source ? source.value : source.default;
}

/**
 * What a field is in an event's members, translated; undefined when it is missing and has no default. Numbers are as
 * `JSON.parse` gives them: good for their type, not for their value.
 */
export function fieldValue(members: unknown, source: FieldSource | NumberSource): unknown {
  if ("value" in source) return source.value;
  let value = members;
  for (const name of source.path) value = ownMember(value, name);
  if (source.default !== undefined && (value === undefined || value === null)) {
    return isNumberSource(source) ? Number(source.default) : source.default;
  }
  return typeof value === "string" && !isNumberSource(source) ? translated(value, source.map) : value;
}

/** The text that a value map makes of a text: texts that it does not name stay as they are. */
export function translated(text: string, map: Readonly<Record<string, string>> | undefined): string {
  return map !== undefined && Object.hasOwn(map, text) ? (map[text] as string) : text;
}

/** A member of the object itself: names such as `constructor` must not find what objects inherit. */
function ownMember(value: unknown, name: string): unknown {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}
