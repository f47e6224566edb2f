import type { EventRules } from "../../../events/event.ts";
import {
  allowedTexts,
  type FieldsOfEvents,
  type ReadField,
  SHORT_BYTES,
  translated,
} from "./event-fields.ts";
import { textLiteral, textLiterals } from "./sql-text.ts";
import { textTimeMs } from "./time-sql.ts";

/** The shortest way to a verdict: SQL for the columns that it adds. */
export interface PlainEvents {
  /** The pieces of a text between its quotes; NULL where a quote may be inside a string. Reads `value` and its text `s`. */
  readonly pieces: string;
  /** Event time of an event that is accepted for sure, NULL for all others. Reads `p`, the pieces. */
  readonly timeMs: string;
  /** The content of a field of an accepted event. */
  content(field: ReadField): string;
}

/**
 * Events as most producers write them: one flat object with just the fields, each a text, in their usual order, without
 * escapes. Then every quote begins or ends a string, and what stands between them is the whole of the syntax: braces,
 * colons, commas. It costs a third of Spark's JSON parser. Undefined when the rules declare something else.
 */
export function plainEvents(rules: EventRules, { read, constant }: FieldsOfEvents): PlainEvents | undefined {
  const names = read.map(({ path }) => path[0] as string);
  const isFlat = read.every(({ path, isNumber }) => path.length === 1 && !isNumber);
  const isPlain = names.every((name) => /^[\w.-]+$/.test(name)) && new Set(names).size === names.length;
  if (!isFlat || !isPlain) return undefined;
  const piece = (index: number): string => `p[${index}]`;
  const syntax = names.flatMap((name, index) => [
    index === 0 ? `${piece(0)} = '{'` : `${piece(index * 4)} IN (',', ', ')`,
    `${piece(index * 4 + 1)} = ${textLiteral(name)}`,
    `${piece(index * 4 + 2)} IN (':', ': ')`,
    `${piece(index * 4 + 3)} <> ''`,
  ]);
  const content = (field: ReadField): string => translated(field, piece(read.indexOf(field) * 4 + 3));
  const mapped = read.filter(({ map }) => map !== undefined).map((field) => `${content(field)} <> ''`);
  const allowed = Object.entries(allowedTexts(rules)).map(([name, texts]) => {
    const field = read.find((candidate) => candidate.name === name);
    const text = field === undefined ? textLiteral(constant.get(name) ?? "") : content(field);
    return `${text} IN (${textLiterals(texts)})`;
  });
  const timestamp = read.find(({ name }) => name === "timestamp") as ReadField;
  const conditions = [
    `size(p) = ${names.length * 4 + 1}`,
    `${piece(names.length * 4)} = '}'`,
    ...syntax,
    ...mapped,
    ...allowed,
  ];
  return {
    pieces:
      `CASE WHEN length(value) <= ${Math.min(SHORT_BYTES, rules.maxEventBytes)} AND is_valid_utf8(s) ` +
      `AND NOT contains(s, ${textLiteral("\\")}) AND NOT s RLIKE ${textLiteral(String.raw`[\x00-\x1f]`)} THEN split(s, '"') END`,
    timeMs: `CASE WHEN ${conditions.join("\n    AND ")}\n  THEN ${textTimeMs(content(timestamp))} END`,
    content,
  };
}
