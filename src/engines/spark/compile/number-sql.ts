import { textLiteral } from "./sql-text.ts";

/** The numbers of events: 12 digits before and 6 behind the point. */
export const NUMBER_TYPE = "decimal(18, 6)";

const ZERO = String.raw`\A-?[0.]+(?:[eE].*)?\z`;
const EXPONENT = String.raw`[eE]([+-]?\d+)\z`;
/** Beyond what digits can make up for: a number has less than 1,000 characters. */
const FAR = 1_100;

/**
 * The number that a JSON token writes, rounded half away from zero to six places; NULL out of range. Exponents that
 * decide alone are looked at first, because Java would write out their zeros.
 */
export function tokenNumber(token: string): string {
  const exponent = `coalesce(try_cast(regexp_extract(${token}, ${textLiteral(EXPONENT)}, 1) AS double), 0)`;
  return (
    `CASE WHEN ${token} RLIKE ${textLiteral(ZERO)} OR ${exponent} < -${FAR} THEN cast(0 AS ${NUMBER_TYPE}) ` +
    `WHEN ${exponent} <= ${FAR} THEN try_cast(${token} AS ${NUMBER_TYPE}) END`
  );
}

/** A decimal as a JSON number without needless zeros: the file sink writes variants as they are. */
export function plainNumber(decimal: string): string {
  const text = `cast(${decimal} AS string)`;
  return `parse_json(trim(TRAILING '.' FROM trim(TRAILING '0' FROM ${text})))`;
}

/** A span of ms as seconds with up to three decimals, a JSON number. */
export function seconds(spanMs: string): string {
  return plainNumber(`cast(${spanMs} AS decimal(20, 0)) / 1000`);
}
