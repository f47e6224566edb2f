import { REFUSED_NAME_LENGTH, REFUSED_NESTING, REFUSED_NUMBER_LENGTH } from "../../../events/json-limits.ts";
import { textLiteral } from "./sql-text.ts";

/** Nested arrays and objects that Spark's parser takes. */
const SPARK_NESTING = 1_000;

/** Replaces what a regular expression matches. */
function replaced(text: string, pattern: string, by: string): string {
  return `regexp_replace(${text}, ${textLiteral(pattern)}, ${textLiteral(by)})`;
}

/**
 * Whether JSON text nests too deep, or has a number or a name that is too long. Spark's parser has limits of its own a
 * little further on: brackets around the text bring the one on nesting to where it must be.
 */
export function exceedsJsonLimits(json: string): string {
  const [open, close] = ["[", "]"].map((bracket) => bracket.repeat(SPARK_NESTING - REFUSED_NESTING + 1));
  const isDeep = `try_parse_json(concat('${open}', ${json}, '${close}')) IS NULL`;
  // Without escapes every quote begins or ends a string, so strings can be marked and left out.
  const plain = replaced(json, String.raw`\\(?:u....|.)`, "x");
  const structure = replaced(plain, '"[^"]*+"', "");
  const hasLongNumber = `${structure} RLIKE ${textLiteral(`[-+.eE0-9]{${REFUSED_NUMBER_LENGTH}}`)}`;
  const marked = replaced(
    replaced(plain, String.raw`[\x{10000}-\x{10ffff}]`, "xx"),
    '"([^"]*+)"',
    "<$1\u0001",
  );
  const hasLongName = `${marked} RLIKE ${textLiteral(String.raw`<[^\x01]{${REFUSED_NAME_LENGTH},}+\x01\s*+:`)}`;
  return (
    `CASE WHEN octet_length(${json}) < ${REFUSED_NESTING} THEN false WHEN ${isDeep} OR ${hasLongNumber} THEN true ` +
    `ELSE octet_length(${json}) >= ${REFUSED_NAME_LENGTH} AND ${hasLongName} END`
  );
}

/**
 * JSON text with every number as a string that begins with `#`. Each match takes up where the last one ended, and takes
 * whole strings up to the next number: no digit inside a string is ever seen.
 */
export function numbersAsTexts(json: string): string {
  // Where quotes inside strings are escaped otherwise, a string ends at the next quote.
  const withoutBackslashes = `replace(${json}, ${textLiteral("\\\\")}, ${textLiteral("\\u005c")})`;
  const withoutQuotes = `replace(${withoutBackslashes}, ${textLiteral('\\"')}, ${textLiteral("\\u0022")})`;
  const numberAfterOthers = String.raw`\G([^"0-9-]*+(?:"[^"]*+"[^"0-9-]*+)*+)(-?[0-9][-+.eE0-9]*+)`;
  return replaced(withoutQuotes, numberAfterOthers, '$1"#$2"');
}
