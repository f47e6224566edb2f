import {
  DuckDBArrayValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from "@duckdb/node-api";

/**
 * A value as JSON, exact: times as in row files (`2026-11-23T08:05:00.000Z`), whole numbers and decimals with all their
 * digits, whatever JSON has no word for (intervals, dates, infinity) as text.
 */
export function jsonText(value: DuckDBValue): string {
  if (value === null || value === undefined) return "null";
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "bigint":
      return value.toString();
    case "number":
      return Number.isFinite(value) ? String(value) : JSON.stringify(String(value));
  }
  if (value instanceof DuckDBTimestampValue) return JSON.stringify(timeText(value));
  if (value instanceof DuckDBDecimalValue) return decimalText(value);
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    return `[${value.items.map(jsonText).join(",")}]`;
  }
  if (value instanceof DuckDBStructValue) {
    const members = Object.entries(value.entries);
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${jsonText(member)}`).join(",")}}`;
  }
  if (value instanceof DuckDBMapValue) {
    const members = value.entries.map(
      ({ key, value: of }) => `${JSON.stringify(plainText(key))}:${jsonText(of)}`,
    );
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(String(value));
}

/** A value as text for people and CSV: `jsonText` without quotes around texts; null is empty. */
export function plainText(value: DuckDBValue): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  const json = jsonText(value);
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}

/** A value as JavaScript has it. Numbers that a double can't hold exactly are texts. */
export function plainValue(value: DuckDBValue): unknown {
  if (typeof value === "bigint")
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (value === null || typeof value !== "object") return value;
  if (value instanceof DuckDBTimestampValue) return timeText(value);
  if (value instanceof DuckDBDecimalValue) {
    const text = decimalText(value);
    return String(Number(text)) === text ? Number(text) : text;
  }
  return JSON.parse(jsonText(value));
}

function timeText(value: DuckDBTimestampValue): string {
  const { micros } = value;
  const time = new Date(Number(micros / 1000n));
  if (micros % 1000n !== 0n || Number.isNaN(time.getTime())) return String(value);
  return time.toISOString();
}

/** As row files have it: without zeros that say nothing. */
function decimalText(value: DuckDBDecimalValue): string {
  const text = value.toString();
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
