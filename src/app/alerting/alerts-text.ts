import { type AlertRule, ruleText } from "../../alerts/rule.ts";
import { formatCount, plural } from "../numbers-for-people.ts";
import type { RuleTestResult, TestedChange } from "./test-rule.ts";

/** The rules that hold, one a line. */
export function rulesText(rules: readonly AlertRule[]): string {
  return columns(rules.map((rule) => [rule.name, rule.severity, ruleText(rule)])).join("\n");
}

/** What a rule would have done, change by change, and in one line. */
export function ruleTestText(result: RuleTestResult): string {
  const { rule, changes, windows, fired, firing } = result;
  const lines = changes.map((change) => [
    timeText(change.atMs),
    change.change,
    ...[keyWords(change), change.value === null ? "" : String(change.value)],
  ]);
  const still = firing === 0 ? "" : `; ${formatCount(firing)} at the end`;
  return [
    ruleText(rule),
    ...columns(lines),
    windows + changes.length === 0
      ? nothingText(result)
      : `fires ${counted(fired, "time")} in ${counted(windows, "window")}${still}`,
  ].join("\n");
}

/** That nothing fired must not look as if it had been tried. */
function nothingText({ rule, closedThroughMs }: RuleTestResult): string {
  const final =
    closedThroughMs === null
      ? "no window is final yet"
      : `windows are final through ${timeText(closedThroughMs)}`;
  return `nothing was tried: no final window of ${rule.query} with rows ends there; ${final}`;
}

const counted = (count: number, unit: string): string => `${formatCount(count)} ${plural(count, unit)}`;
const timeText = (timeMs: number): string => new Date(timeMs).toISOString().replace(".000Z", "Z");

function keyWords({ key }: TestedChange): string {
  return Object.entries(key)
    .map(([column, value]) => `${column} ${JSON.stringify(value)}`)
    .join(", ");
}

/** Left-aligned, unlike tables of numbers. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
}
