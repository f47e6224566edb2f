import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultRules } from "../../../src/alerts/default-rules.ts";
import { resolveAlertRules } from "../../../src/app/config/alert-rules.ts";
import { DEFAULT_WINDOWS } from "../../../src/queries/plan.ts";
import { STANDARD_QUERIES } from "../../../src/queries/standard.ts";

const AROUND = { queries: STANDARD_QUERIES, windows: DEFAULT_WINDOWS, commitEveryMs: 1_000 };
const file = (alertRules: unknown) => ({ path: "a file", values: { alertRules } });

test("rules of a file stand beside the default ones, replace them, or leave them out", () => {
  const defaults = defaultRules(AROUND).map(({ name }) => name);
  const names = (rules: unknown): string[] =>
    resolveAlertRules(rules === undefined ? undefined : file(rules), AROUND).map(({ name }) => name);
  assert.deepEqual(names(undefined), defaults);
  const lag = { metric: "lag_events", above: 5, for: "1 minute", severity: "critical" };
  assert.deepEqual(names({ mine: lag, no_events: false }), [
    ...defaults.filter((name) => name !== "no_events"),
    "mine",
  ]);
  const [rule] = resolveAlertRules(file({ falling_behind: lag }), AROUND).filter(
    ({ name }) => name === "falling_behind",
  );
  assert.deepEqual([rule?.forMs, rule?.severity, rule?.note], [60_000, "critical", null]);
});

test("default rules over queries that do not run are left out", () => {
  const rules = resolveAlertRules(undefined, { ...AROUND, queries: [] });
  assert(rules.length > 5 && rules.every(({ kind }) => kind === "metric"));
});

const REFUSED: readonly [rule: unknown, sentence: RegExp][] = [
  [{ query: "url_count", measure: "events", above: 5 }, /no query is called url_count\./],
  [{ query: "url_counts", where: { page: "/" }, measure: "events", above: 5 }, /url_counts has no key page/],
  [{ query: "url_counts", measure: "evts", above: 5 }, /url_counts has no number evts/],
  [{ query: "user_activity", measure: "first_seen", above: 5 }, /has no number first_seen/],
  [{ query: "url_counts", measure: "events", above: 5, below: 6 }, /it has above and below/],
  [{ query: "url_counts", measure: "events" }, /it has no condition/],
  [{ query: "url_counts", measure: "events", fallsBy: 0.5 }, /does not say what it compares with/],
  [{ query: "url_counts", measure: "events", fallsBy: 1, against: "90s" }, /no multiple of 1m up to 7 days/],
  [{ metric: "lag", above: 5 }, /there is no metric lag/],
  [{ metric: "lag_events", above: "5" }, /above: .*expected number/],
  [{ metric: "lag_events", above: 5, over: "1m" }, /over is for dead_letter_share and late_share/],
  [{ metric: "lag_events", query: "url_counts", above: 5 }, /watches either a query or a metric/],
  [{ metric: "lag_events", above: 5, for: "soon" }, /for of the alert rule mine is not a duration/],
  [false, /false leaves out a default rule, and none is called so/],
  [5, /expected object/],
];

test("what can't be used is refused by the rule's name", () => {
  for (const [rule, sentence] of REFUSED) {
    assert.throws(() => resolveAlertRules(file({ mine: rule }), AROUND), sentence);
  }
  assert.throws(() => resolveAlertRules(file({ Mine: {} }), AROUND), /a name is up to 64/);
  assert.throws(() => resolveAlertRules(file([1]), AROUND), /must be an object of rules/);
});
