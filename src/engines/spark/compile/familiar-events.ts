import type { EventRules } from "../../../events/event.ts";
import {
  allowedTexts,
  type FieldsOfEvents,
  type ReadField,
  SHORT_BYTES,
  translated,
} from "./event-fields.ts";
import { NUMBER_TYPE } from "./number-sql.ts";
import { ofOpen, type Step } from "./open-events.ts";
import { quotedName, STRICT, textLiteral, textLiterals } from "./sql-text.ts";
import { textTimeMs } from "./time-sql.ts";

const VALUE = ofOpen("value");
const TEXT = ofOpen("s");
const MEMBERS = ofOpen("e");

/** What Spark's parser makes of numbers, booleans and arrays. */
const LOOKS_OTHER = /^(?:[-+.0-9eE]+$|true$|false$|\[)/;

/** The short way to a verdict. */
export interface FamiliarEvents {
  /** Reads `value` and its text `s` of the open event. */
  readonly steps: readonly Step[];
  /** SQL for the event time of an event that is accepted for sure, NULL for all others. */
  readonly timeMs: string;
  /** The content of a field of an accepted event. */
  content(field: ReadField): string;
}

/**
 * Most events are flat JSON objects without escapes. If there is no brace and no backslash but the first and the last
 * byte, nothing is nested, and nothing stands behind what Spark's parser reads to the end. It checks the rest as
 * `JSON.parse` does, but turns numbers, booleans and arrays into texts: a text that looks like one of those must be seen
 * to stand in quotes. That costs half of the exact way; whatever is not surely accepted goes that way. Undefined when the
 * rules look into nested objects.
 */
export function familiarEvents(
  rules: EventRules,
  { read, constant }: FieldsOfEvents,
): FamiliarEvents | undefined {
  if (read.some(({ path }) => path.length !== 1)) return undefined;
  const member = ({ path }: ReadField): string => `${MEMBERS}.${quotedName(path[0] as string)}`;
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
  const sets = allowedTexts(rules);
  const conditions = read.flatMap((field) => {
    const { name, path, isNumber, map } = field;
    if (name === "timestamp") return [];
    const top = path[0] as string;
    const given = (condition: string): string =>
      field.default === undefined ? condition : `(${member(field)} IS NULL OR ${condition})`;
    if (isNumber) return [`${content(field)} IS NOT NULL`, given(stands(top, member(field)))];
    const allowed = sets[name];
    const isSafe = map === undefined && allowed?.every((text) => !LOOKS_OTHER.test(text));
    const isAllowed = allowed === undefined ? "<> ''" : `IN (${textLiterals(allowed)})`;
    return [`${content(field)} ${isAllowed}`, ...(isSafe ? [] : [given(isText(top, member(field)))])];
  });
  for (const [name, allowed] of Object.entries(sets)) {
    const text = constant.get(name);
    if (text !== undefined && !allowed.includes(text)) conditions.push("false");
  }
  const timestamp = read.find(({ name }) => name === "timestamp") as ReadField;
  const members =
    `CASE WHEN length(${VALUE}) <= ${Math.min(SHORT_BYTES, rules.maxEventBytes)} AND is_valid_utf8(${TEXT}) AND ${isFlat()}\n` +
    `  THEN from_json(${TEXT}, ${textLiteral(schema)}, ${STRICT}) END`;
  // Half a condition on NULL is still computed: the first ends it for events that are no matter of this way.
  const timeMs = `CASE WHEN ${[`${MEMBERS} IS NOT NULL`, ...conditions].join("\n    AND ")}\n  THEN ${eventTimeMs(timestamp.path[0] as string, member(timestamp))} END`;
  return {
    steps: [
      { inside: `cast(substring(${VALUE}, 2, length(${VALUE}) - 2) AS string)` },
      { e: members },
      { quick_ms: timeMs },
    ],
    timeMs: ofOpen("quick_ms"),
    content,
  };
}

function isFlat(): string {
  const none = ["{", "}", "\\"].map(
    (character) => `NOT contains(${ofOpen("inside")}, ${textLiteral(character)})`,
  );
  return [`startswith(${TEXT}, '{')`, `endswith(${TEXT}, '}')`, ...none].join(" AND ");
}

/** The event's time by a text, or by a number of today's size. */
function eventTimeMs(name: string, text: string): string {
  const isNumber = `${text} RLIKE ${textLiteral(String.raw`\A[1-9]\d{11,12}\z`)}`;
  const number = `CASE WHEN ${stands(name, text)} THEN cast(${text} AS bigint) END`;
  return `CASE WHEN ${isNumber} THEN ${number} ELSE ${textTimeMs(text)} END`;
}

/** Whether a text was one in the event, too: it does not look like anything else, or it stands there in quotes. */
function isText(name: string, text: string): string {
  const looksOther = `${text} RLIKE ${textLiteral(LOOKS_OTHER.source)}`;
  return `(NOT ${looksOther} OR ${stands(name, `'"', ${text}, '"'`)})`;
}

/** Whether the event has the member only once, and with exactly these characters as its value. */
function stands(name: string, characters: string): string {
  const member = textLiteral(JSON.stringify(name));
  const found = [":", ": "].flatMap((colon) =>
    [",", "}"].map((end) => `contains(${TEXT}, concat(${member}, '${colon}', ${characters}, '${end}'))`),
  );
  return `(locate(${member}, ${TEXT}, instr(${TEXT}, ${member}) + 1) = 0 AND (${found.join(" OR ")}))`;
}
