import { type AlertRule, ruleText } from "../../alerts/rule.ts";
import { formatCount } from "../numbers-for-people.ts";
import type { RuleTestResult, TestedChange } from "./test-rule.ts";

/** The rules that hold, one a line. */
export function rulesText(rules: readonly AlertRule[]): string {
  return columns(rules.map((rule) => [rule.name, rule.severity, ruleText(rule)])).join("\n");
}

/** What a rule would have done, change by change, and in one line. */
export function ruleTestText({ rule, changes, windows, fired, firing }: RuleTestResult): string {
  const lines = changes.map((change) => [
    new Date(change.atMs).toISOString().replace(".000Z", "Z"),
    change.change,
    ...[keyWords(change), change.value === null ? "" : String(change.value)],
  ]);
  const still = firing === 0 ? "" : `; ${formatCount(firing)} at the end`;
  return [
    ruleText(rule),
    ...columns(lines),
    `fires ${formatCount(fired)} times in ${formatCount(windows)} windows${still}`,
  ].join("\n");
}

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
