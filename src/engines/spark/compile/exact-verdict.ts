import type { EventRules } from "../../../events/event.ts";
import { type FieldsOfEvents, type ReadField, translated } from "./event-fields.ts";
import { exceedsJsonLimits, numbersAsTexts } from "./json-text-sql.ts";
import { NUMBER_TYPE, tokenNumber } from "./number-sql.ts";
import { ofOpen, type Step } from "./open-events.ts";
import { quotedName, STRICT, textLiteral, textLiterals } from "./sql-text.ts";
import { numberTimeMs, textTimeMs } from "./time-sql.ts";

const HEX = "[0-9a-fA-F]{2}";
const HIGH = String.raw`\\u[dD][89abAB]${HEX}`;
const LOW = String.raw`\\u[dD][c-fC-F]${HEX}`;

const VALUE = ofOpen("value");
const TEXT = ofOpen("s");
const HASH = ofOpen("hash");
const JSON_TEXT = ofOpen("json");
const WHOLE = ofOpen("whole");
const OBJECT = ofOpen("o");

/**
 * The exact way to a verdict, for the events that `isOpen` (SQL) says are open still. Each step's values are NULL for all
 * others, so Spark computes nothing for them. Reads `value` and its text `s` of the open event.
 *
 * Spark's parsers accept what stands behind a value and turn values into texts. So the text is wrapped in an array with a
 * second element that only its own hash opens: if both elements are there, the text is one whole value. Fields are read
 * as variants, which keep their type.
 */
export function exactVerdict(rules: EventRules, fields: FieldsOfEvents, isOpen: string): readonly Step[] {
  const { read } = fields;
  const tops = [...new Set(read.map(({ path }) => path[0] as string))];
  let end = "_end";
  while (tops.includes(end)) end += "_";
  const members = [...tops.map((name) => `${quotedName(name)}: variant`), `${end}: string`].join(", ");
  const column = (kind: string, { name }: ReadField): string => ofOpen(`${kind}_${name}`);
  const perField = (kind: string, sql: (field: ReadField) => string): Step =>
    Object.fromEntries(read.map((field) => [`${kind}_${field.name}`, sql(field)]));

  return [
    {
      hash: `CASE WHEN ${isOpen} AND ${VALUE} IS NOT NULL AND length(${VALUE}) <= ${rules.maxEventBytes} AND is_valid_utf8(${TEXT}) THEN md5(${VALUE}) END`,
    },
    { json: `CASE WHEN ${HASH} IS NOT NULL THEN ${withoutHalfPairs(TEXT, HASH)} END` },
    {
      whole:
        `CASE WHEN ${HASH} IS NOT NULL THEN from_json(concat('[', ${JSON_TEXT}, ',{"${end}":"', ${HASH}, '"}]'), ` +
        `${textLiteral(`array<struct<${members}>>`)}, ${STRICT}) END`,
    },
    {
      o: `CASE WHEN size(${WHOLE}) = 2 AND ${WHOLE}[1].${end} = ${HASH} AND NOT ${exceedsJsonLimits(JSON_TEXT)} THEN ${WHOLE}[0] END`,
    },
    perField("v", ({ path }) => variantAt(path)),
    perField("k", (field) => {
      const value = column("v", field);
      return `CASE WHEN ${OBJECT} IS NULL THEN NULL WHEN ${value} IS NULL THEN 'MISSING' ELSE schema_of_variant(${value}) END`;
    }),
    perField("t", (field) => {
      const kind = column("k", field);
      const text = `WHEN ${kind} = 'STRING' THEN variant_get(${column("v", field)}, '$', 'string')`;
      const preset =
        field.default === undefined
          ? ""
          : `WHEN ${kind} IN ('MISSING', 'VOID') THEN ${textLiteral(field.default)} `;
      if (!field.isNumber) return translated(field, `CASE ${preset}${text} END`);
      return `CASE ${preset}WHEN ${isNumeric(kind)} THEN ${tokenOf(field, column)} END`;
    }),
    perField("c", (field) => {
      const text = column("t", field);
      if (field.isNumber) return `cast(${tokenNumber(text)} AS ${NUMBER_TYPE})`;
      if (field.name !== "timestamp") return text;
      const kind = column("k", field);
      return `CASE WHEN ${kind} = 'STRING' THEN ${textTimeMs(text)} WHEN ${isNumeric(kind)} THEN ${numberTimeMs(tokenOf(field, column))} END`;
    }),
    {
      reason: `CASE ${reasons(rules, fields, column)
        .map(([when, reason]) => `WHEN ${when} THEN ${textLiteral(reason)}`)
        .join("\n    ")} END`,
    },
  ];
}

type Reasons = readonly (readonly [when: string, reason: string])[];

/** The first that applies, in the order of the meaning; the object is NULL for what is none. */
function reasons(
  rules: EventRules,
  { read, constant }: FieldsOfEvents,
  column: (kind: string, field: ReadField) => string,
): Reasons {
  const texts = read
    .filter(({ isNumber }) => !isNumber)
    .map((field) => column("t", field))
    .join(", ");
  const ofField = (field: ReadField): Reasons => {
    const { name, isNumber } = field;
    const [kind, text] = [column("k", field), column("t", field)];
    const isNumberKind = isNumeric(kind);
    const right = isNumber
      ? isNumberKind
      : `${kind} = 'STRING'${name === "timestamp" ? ` OR ${isNumberKind}` : ""}`;
    const hasPreset = field.default !== undefined ? `${kind} IN ('MISSING', 'VOID') OR ` : "";
    return [
      ...(hasPreset === "" ? ([[`${kind} = 'MISSING'`, `missing_field:${name}`]] as const) : []),
      [`NOT (${hasPreset}${right})`, `wrong_type:${name}`],
      isNumber
        ? [`${column("c", field)} IS NULL`, `out_of_range:${name}`]
        : [`${text} = ''`, `empty_field:${name}`],
    ];
  };
  const inSet = (name: "action" | "device_type", allowed: readonly string[]): string => {
    const field = read.find((candidate) => candidate.name === name);
    const text = field === undefined ? textLiteral(constant.get(name) ?? "") : column("t", field);
    return `${text} NOT IN (${textLiterals(allowed)})`;
  };
  const time = read.find(({ name }) => name === "timestamp") as ReadField;
  return [
    [`${VALUE} IS NULL`, "not_json"],
    [`length(${VALUE}) > ${rules.maxEventBytes}`, "too_large"],
    [`${OBJECT} IS NULL AND ${HASH} IS NOT NULL AND ${isWholeValue(JSON_TEXT, HASH)}`, "not_an_object"],
    [`${OBJECT} IS NULL`, "not_json"],
    [`${JSON_TEXT} <> ${TEXT} AND contains(concat_ws('', ${texts}), ${HASH})`, "not_json"],
    ...read.flatMap(ofField),
    [`${column("c", time)} IS NULL`, "bad_timestamp"],
    [inSet("action", rules.actions), "unknown_action"],
    [inSet("device_type", rules.deviceTypes), "unknown_device_type"],
  ];
}

/**
 * JSON text in which the hash stands for every half of a surrogate pair: Java would silently make question marks of
 * them. Escaped backslashes are written otherwise first, so that each backslash begins an escape.
 */
function withoutHalfPairs(text: string, hash: string): string {
  const halves = textLiteral(`${HIGH}(?!${LOW})|(?<!${HIGH})${LOW}`);
  const plain = `replace(${text}, ${textLiteral("\\\\")}, ${textLiteral("\\u005c")})`;
  return `CASE WHEN ${text} RLIKE ${textLiteral(String.raw`\\u[dD][89a-fA-F]`)} THEN regexp_replace(${plain}, ${halves}, ${hash}) ELSE ${text} END`;
}

/** Whether the text is one JSON value of any kind. */
function isWholeValue(json: string, hash: string): string {
  const parsed = `try_parse_json(concat('[', ${json}, ',"', ${hash}, '"]'))`;
  return `coalesce(try_variant_get(${parsed}, '$[1]', 'string') = ${hash} AND try_variant_get(${parsed}, '$[2]', 'variant') IS NULL AND NOT ${exceedsJsonLimits(json)}, false)`;
}

function variantAt([top, ...inner]: readonly string[]): string {
  const member = `${OBJECT}.${quotedName(top as string)}`;
  return inner.length === 0 ? member : `try_variant_get(${member}, ${jsonPath(inner)}, 'variant')`;
}

function jsonPath(names: readonly string[]): string {
  const steps = names.map((name) => (name.includes("'") ? `["${name}"]` : `['${name}']`));
  return textLiteral(`$${steps.join("")}`);
}

function isNumeric(kind: string): string {
  return `${kind} RLIKE '^(?:BIGINT|DECIMAL|DOUBLE)'`;
}

/** The characters of a number: a variant holds decimals exactly, but not what it takes for a double. */
function tokenOf(field: ReadField, column: (kind: string, field: ReadField) => string): string {
  const token = `substring(try_variant_get(try_parse_json(${numbersAsTexts(JSON_TEXT)}), ${jsonPath(field.path)}, 'string'), 2)`;
  return `CASE WHEN ${column("k", field)} = 'DOUBLE' THEN ${token} ELSE variant_get(${column("v", field)}, '$', 'string') END`;
}
