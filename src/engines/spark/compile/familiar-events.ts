import type { EventRules } from "../../../events/event.ts";
import { type FieldsOfEvents, type ReadField, translated } from "./event-fields.ts";
import { NUMBER_TYPE } from "./number-sql.ts";
import { quotedName, textLiteral, textLiterals } from "./sql-text.ts";
import { textTimeMs } from "./time-sql.ts";

/** Shorter than anything that exceeds a limit on nesting, numbers or names. */
const MAX_BYTES = 990;
const TEXT = String.raw`"[^"\\\x00-\x1f]*+"`;
const NUMBER = String.raw`-?\d{1,15}(?:\.\d{1,15})?`;

/** The short way to a verdict: SQL for the columns that it adds. */
export interface FamiliarEvents {
  /** The members of a familiar event as a struct of texts; NULL for others. Reads `value` and `s`, its text. */
  readonly members: string;
  /** Event time of an event that is accepted for sure, NULL for all others. Reads `e`, the members. */
  readonly timeMs: string;
  /** The content of a field of an accepted event. */
  content(field: ReadField): string;
}

/**
 * Most events are flat JSON objects of plain texts. A regular expression proves that of one: nothing nested, nothing
 * escaped, nothing behind it, declared texts are texts. Then Spark's parser, which takes more than JSON and turns all it
 * finds into texts, says what `JSON.parse` would. It costs half of the exact way; whatever is not surely accepted goes
 * that way. Undefined when the rules look into nested objects.
 */
export function familiarEvents(
  rules: EventRules,
  { read, constant }: FieldsOfEvents,
): FamiliarEvents | undefined {
  if (read.some(({ path }) => path.length !== 1)) return undefined;
  const member = ({ path }: ReadField): string => `e.${quotedName(path[0] as string)}`;
  const content = (field: ReadField): string => {
    const text = field.isNumber ? `try_cast(${member(field)} AS ${NUMBER_TYPE})` : member(field);
    const preset = field.isNumber
      ? `cast(${textLiteral(field.default ?? "")} AS ${NUMBER_TYPE})`
      : textLiteral(field.default ?? "");
    const given =
      field.default === undefined
        ? text
        : `CASE WHEN ${member(field)} IS NULL THEN ${preset} ELSE ${text} END`;
    return translated(field, given);
  };
  const names = [...new Set(read.map(({ path }) => path[0] as string))];
  const schema = `struct<${names.map((name) => `${quotedName(name)}: string`).join(", ")}>`;
  const sets: Readonly<Record<string, readonly string[]>> = {
    action: rules.actions,
    device_type: rules.deviceTypes,
  };
  const conditions = read.flatMap((field) => {
    if (field.name === "timestamp") return [];
    const allowed = sets[field.name];
    if (allowed !== undefined) return [`${content(field)} IN (${textLiterals(allowed)})`];
    return field.isNumber ? [`${content(field)} IS NOT NULL`] : [`${content(field)} <> ''`];
  });
  for (const [name, allowed] of Object.entries(sets)) {
    const text = constant.get(name);
    if (text !== undefined && !allowed.includes(text)) conditions.push("false");
  }
  const timestamp = read.find(({ name }) => name === "timestamp") as ReadField;
  return {
    members:
      `CASE WHEN length(value) <= ${Math.min(MAX_BYTES, rules.maxEventBytes)} AND is_valid_utf8(s) ` +
      `AND s RLIKE ${textLiteral(guard(read))}\n  THEN from_json(s, ${textLiteral(schema)}) END`,
    timeMs: `CASE WHEN ${conditions.join("\n    AND ")}\n  THEN ${eventTimeMs(member(timestamp))} END`,
    content,
  };
}

/** The text or the digits of a timestamp; digits that also stand in quotes somewhere may have been a text. */
function eventTimeMs(text: string): string {
  const isNumber = String.raw`\A[1-9]\d{11,12}\z`;
  return (
    `CASE WHEN ${text} NOT RLIKE ${textLiteral(isNumber)} THEN ${textTimeMs(text)} ` +
    `WHEN NOT contains(s, concat('"', ${text}, '"')) THEN cast(${text} AS bigint) END`
  );
}

/** A flat object: members with a text, numbers where they may be, and other types in members that nothing reads. */
function guard(read: readonly ReadField[]): string {
  const named = (fields: readonly ReadField[]): string =>
    [...new Set(fields.map(({ path }) => asPattern(path[0] as string)))].join("|");
  const numbers = read.filter(({ name, isNumber }) => isNumber || name === "timestamp");
  const texts = read.filter(({ isNumber }) => !isNumber);
  const members = [
    String.raw`(?!"(?:${named(read.filter(({ isNumber }) => isNumber)) || "(?!)"})")${TEXT}\s*+:\s*+${TEXT}`,
    String.raw`"(?:${named(numbers)})"\s*+:\s*+${NUMBER}`,
    String.raw`(?!"(?:${named(texts)})")${TEXT}\s*+:\s*+(?:${NUMBER}|true|false|null)`,
  ];
  return String.raw`\A\{\s*+(?:(?:${members.join("|")})\s*+(?:,\s*+(?=")|(?=\}\z)))++\}\z`;
}

function asPattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|"/-]/g, "\\$&");
}
