import { UsageError } from "../../../core/errors.ts";
import {
  EVENT_FIELDS,
  type EventField,
  type EventRules,
  type ExtraField,
  extraFieldsOf,
  type FieldSource,
  type NumberSource,
} from "../../../events/event.ts";
import { isNumberSource, sourceOf } from "../../../events/field-source.ts";
import { textLiteral } from "./sql-text.ts";

/** A field that is read from events, and where it stands in them. */
export interface ReadField {
  readonly name: EventField | ExtraField;
  readonly path: readonly string[];
  readonly isNumber: boolean;
  readonly default: string | undefined;
  readonly map: Readonly<Record<string, string>> | undefined;
}

/** The fields of events in the order in which a verdict looks at them. */
export interface FieldsOfEvents {
  readonly read: readonly ReadField[];
  /** Those that hold the same text for all events. */
  readonly constant: ReadonlyMap<string, string>;
}

/** @throws UsageError for a path that Spark can't follow. */
export function fieldsOfEvents(rules: EventRules): FieldsOfEvents {
  const read: ReadField[] = [];
  const constant = new Map<string, string>();
  for (const name of [...EVENT_FIELDS, ...extraFieldsOf(rules)]) {
    const source = sourceOf(rules, name);
    if ("value" in source) constant.set(name, source.value);
    else read.push(readField(name, source));
  }
  return { read, constant };
}

function readField(
  name: EventField | ExtraField,
  source: Exclude<FieldSource, { value: string }> | NumberSource,
): ReadField {
  const { path } = source;
  const impossible = path.find((step) => step === "" || (step.includes("'") && step.includes('"')));
  if (impossible !== undefined) {
    throw new UsageError(
      `Spark can't follow the path of ${name}: ${JSON.stringify(impossible)} is a name with both kinds of quotes, or none.`,
      "Use the embedded engine, or other names in the events.",
    );
  }
  const isNumber = isNumberSource(source);
  const map = isNumberSource(source) ? undefined : source.map;
  return { name, path, isNumber, default: source.default, map };
}

/** An event of so many bytes or less exceeds no limit on nesting, numbers or names. */
export const SHORT_BYTES = 990;

/** Fields of which only some texts are allowed. */
export function allowedTexts({
  actions,
  deviceTypes,
}: EventRules): Readonly<Record<string, readonly string[]>> {
  return { action: actions, device_type: deviceTypes };
}

/** What a text of the field means, in SQL: texts that its map does not name stay as they are. */
export function translated({ map = {} }: ReadField, text: string): string {
  const cases = Object.entries(map).map(([from, to]) => `WHEN ${textLiteral(from)} THEN ${textLiteral(to)}`);
  return cases.length === 0 ? text : `CASE ${text} ${cases.join(" ")} ELSE ${text} END`;
}
