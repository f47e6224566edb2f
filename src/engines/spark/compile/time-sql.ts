import { MAX_TIME_MS } from "../../../events/timestamp.ts";
import { textLiteral } from "./sql-text.ts";

const form = (separator: string, utc: string): string =>
  String.raw`\d{4}-\d{2}-\d{2}${separator}\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:${utc}|[+-]\d{2}:\d{2})`;
const TEXT = String.raw`\A${form("[Tt]", "[Zz]")}\z`;
/** The usual form of such texts, in capitals: Spark casts it as it stands. */
export const TIME_TEXT: string = form("T", "Z");
const NUMBER = String.raw`\A-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?\z`;

/**
 * Event time of a text in ms, NULL when it is none. Spark's cast knows real days, hours and offsets but takes more forms
 * than an event may have, so the form is looked at first. It cuts digits behind the microseconds.
 */
export function textTimeMs(text: string): string {
  const time = `unix_millis(try_cast(upper(${text}) AS timestamp))`;
  return `CASE WHEN ${text} RLIKE ${textLiteral(TEXT)} THEN ${withinRange(time)} END`;
}

/**
 * Event time of a number's characters in ms, NULL unless it is a whole number in range, as written: the digits that stay
 * behind the point once the exponent has moved it must all be zeros. A number below 2^53 is exact as a double.
 */
export function numberTimeMs(token: string): string {
  const part = (group: number): string => `regexp_extract(${token}, ${textLiteral(NUMBER)}, ${group})`;
  const digits = `concat(${part(1)}, ${part(2)})`;
  const exponent = `coalesce(try_cast(${part(3)} AS double), 0)`;
  const zeros = `length(${digits}) - length(trim(TRAILING '0' FROM ${digits}))`;
  const isWhole = `trim(TRAILING '0' FROM ${digits}) = '' OR ${exponent} - length(${part(2)}) + ${zeros} >= 0`;
  const number = `try_cast(try_cast(${token} AS double) AS bigint)`;
  return (
    `CASE WHEN ${token} RLIKE ${textLiteral(String.raw`\A\d{1,15}\z`)} THEN ${withinRange(`cast(${token} AS bigint)`)} ` +
    `WHEN ${token} RLIKE ${textLiteral(NUMBER)} AND (${isWhole}) THEN ${withinRange(number)} END`
  );
}

/** A view of events whose column `time` moves Spark's watermark. */
export function watermarked(events: string, delayMs: number): string {
  return `${events} WATERMARK time DELAY OF INTERVAL '${(delayMs / 1_000).toFixed(3)}' SECOND`;
}

function withinRange(timeMs: string): string {
  return `nullif(greatest(-1L, CASE WHEN ${timeMs} <= ${MAX_TIME_MS}L THEN ${timeMs} END), -1L)`;
}
