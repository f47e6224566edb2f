import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultRules } from "../../../src/alerts/default-rules.ts";
import { ruleText } from "../../../src/alerts/rule.ts";
import { resolveAlertRules } from "../../../src/app/config/alert-rules.ts";
import { arrivalsQuery } from "../../../src/queries/arrivals.ts";
import { rowPlans } from "../../../src/queries/data-quality.ts";
import { DEFAULT_WINDOWS } from "../../../src/queries/plan.ts";
import { sessionQueries } from "../../../src/queries/sessions.ts";
import { STANDARD_QUERIES } from "../../../src/queries/standard.ts";

const AROUND = { queries: STANDARD_QUERIES, windows: DEFAULT_WINDOWS, commitEveryMs: 1_000 };
const file = (alertRules: unknown) => ({ path: "a file", values: { alertRules } });

test("rules of a file stand beside the default ones, replace them, or leave them out", () => {
  const known = defaultRules({ commitEveryMs: 1_000, windowMs: DEFAULT_WINDOWS.sizeMs }).map(
    ({ name }) => name,
  );
  const defaults = known.filter((name) => name !== "data_unexpected");
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

test("rows about the data, sessions and transitions can be watched where they are written", () => {
  const queries = rowPlans(
    [...STANDARD_QUERIES, ...sessionQueries(1_800_000, DEFAULT_WINDOWS), arrivalsQuery(DEFAULT_WINDOWS)],
    DEFAULT_WINDOWS,
  );
  const around = { ...AROUND, queries };
  const written = {
    worse: { query: "data_quality", where: { expectation: "dead_share" }, measure: "value", above: 0.02 },
    robot: { query: "sessions", measure: "events", above: 1_000 },
    to_cart: { query: "transitions", where: { to_page: "/cart" }, measure: "transitions", below: 1 },
    lost: { query: "arrivals", where: { fate: "late" }, measure: "events", above: 100 },
  };
  const rules = new Map(resolveAlertRules(file(written), around).map((rule) => [rule.name, rule]));
  for (const name of Object.keys(written)) assert.equal(rules.get(name)?.kind, "query");
  assert.deepEqual(
    [rules.get("data_unexpected")!].map((rule) => [ruleText(rule), rule.severity]),
    [["ok of data_quality below 1, for 10m", "warning"]],
  );
  const mine = (rule: object) => () => resolveAlertRules(file({ mine: rule }), around);
  assert.throws(
    mine({ query: "sessions", measure: "entry_page", above: 1 }),
    /sessions has no number entry_page/,
  );
  assert.throws(mine({ query: "data_quality", measure: "kay", above: 1 }), /data_quality has no number kay/);
});

const REFUSED: readonly [rule: unknown, sentence: RegExp][] = [
  [{ query: "url_count", measure: "events", above: 5 }, /no query is called url_count\./],
  [{ query: "data_quality", measure: "value", above: 5 }, /no query is called data_quality\./],
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
