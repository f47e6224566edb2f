import type { EventRules } from "../../../events/event.ts";
import {
  allowedTexts,
  type FieldsOfEvents,
  type ReadField,
  SHORT_BYTES,
  translated,
} from "./event-fields.ts";
import { textLiteral, textLiterals } from "./sql-text.ts";
import { TIME_TEXT } from "./time-sql.ts";

/** The shortest way to a verdict: SQL for the columns that it adds. */
export interface PlainEvents {
  /** The pieces of a plain event between its quotes; NULL for all others. Reads `s`, the text. */
  readonly pieces: string;
  /** Event time as a timestamp, NULL for what is not accepted for sure. Reads `p`, the pieces. */
  readonly time: string;
  /** The content of a field of a plain event. */
  content(field: ReadField): string;
}

/**
 * Texts as they are: no escape, and no U+FFFD, which stands for bytes that are no UTF-8. Java looks single characters up in a
 * table; a range among them would cost ten times as much.
 */
const TEXT = String.raw`[^"\\${Array.from({ length: 32 }, (_, code) => `\\x${code.toString(16).padStart(2, "0")}`).join("")}\x{fffd}]+`;

/**
 * Events as most producers write them: one flat object with just the fields, each a text, in their usual order, without
 * escapes. One regular expression knows them, without ever going back, and what stands between their quotes are the texts. It costs a
 * third of Spark's JSON parser. Undefined when the rules declare something else.
 */
export function plainEvents(rules: EventRules, { read, constant }: FieldsOfEvents): PlainEvents | undefined {
  const names = read.map(({ path }) => path[0] as string);
  const isFlat = read.every(({ path, isNumber }) => path.length === 1 && !isNumber);
  const isPlain = names.every((name) => /^[\w.-]+$/.test(name)) && new Set(names).size === names.length;
  const timestamp = read.find(({ name }) => name === "timestamp") as ReadField;
  if (!isFlat || !isPlain || timestamp.map !== undefined) return undefined;
  const members = read.map(
    (field, index) =>
      `"${names[index]?.replaceAll(".", "\\.")}": ?"${field === timestamp ? TIME_TEXT : TEXT}"`,
  );
  const shape = String.raw`\A\{${members.join(", ?")}\}\z`;
  const piece = (field: ReadField): string => `p[${read.indexOf(field) * 4 + 3}]`;
  const content = (field: ReadField): string => translated(field, piece(field));
  const mapped = read.filter(({ map }) => map !== undefined).map((field) => `${content(field)} <> ''`);
  const allowed = Object.entries(allowedTexts(rules)).map(([name, texts]) => {
    const field = read.find((candidate) => candidate.name === name);
    const text = field === undefined ? textLiteral(constant.get(name) ?? "") : content(field);
    return `${text} IN (${textLiterals(texts)})`;
  });
  const mostBytes = Math.min(SHORT_BYTES, rules.maxEventBytes);
  return {
    pieces: `CASE WHEN octet_length(s) <= ${mostBytes} AND s RLIKE ${textLiteral(shape)} THEN split(s, '"') END`,
    time: `CASE WHEN ${["p IS NOT NULL", ...mapped, ...allowed].join(" AND ")} THEN try_cast(${piece(timestamp)} AS timestamp) END`,
    content,
  };
}
