import { z } from "zod";
import { defaultRules } from "../../alerts/default-rules.ts";
import { LONGEST_OVER_MS, METRICS, type MetricName } from "../../alerts/metrics.ts";
import type { AlertRule, Severity, Threshold, WindowCondition } from "../../alerts/rule.ts";
import { type DurationText, formatDuration, parseDuration } from "../../core/durations.ts";
import { UsageError } from "../../core/errors.ts";
import type { Measure, QueryPlan, WindowLengths } from "../../queries/plan.ts";
import { windowsOf } from "../../queries/window-lengths.ts";
import type { ConfigFile } from "./config-file.ts";
import { nearest } from "./nearest.ts";

/** How a config file writes an alert rule: what it watches (`query` or `metric`), and one condition. */
export interface WrittenAlertRule {
  /** Watches the rows of this query, in event time. */
  readonly query?: string;
  /** Only rows with these keys; each key that is left is an alert of its own. */
  readonly where?: Readonly<Record<string, string>>;
  /** A column of the query's rows. */
  readonly measure?: string;
  /** Watches the pipeline itself, in wall-clock time. */
  readonly metric?: MetricName;
  /** What shares are taken over; 5 minutes unless given. */
  readonly over?: DurationText;
  readonly above?: number;
  readonly below?: number;
  /** By which share it is more than in the window `against` earlier: 0.5 is half as many again. */
  readonly risesBy?: number;
  /** By which share it is less than in the window `against` earlier. */
  readonly fallsBy?: number;
  readonly against?: DurationText;
  /** Smaller numbers are not compared; 100 unless given. */
  readonly least?: number;
  /** No row is there. */
  readonly noData?: true;
  /** How long the condition has to hold; at once unless given. */
  readonly for?: DurationText;
  /** `warning` unless given. */
  readonly severity?: Severity;
  /** Told with the alert. */
  readonly note?: string;
}

/** Alert rules by name, beside the default ones; `false` leaves a default one out, a rule of its name replaces it. */
export type WrittenAlertRules = Readonly<Record<string, WrittenAlertRule | false>>;

const NAME = /^[a-z][a-z0-9_]{0,63}$/;
const LONGEST_AGAINST_MS = 7 * 86_400_000;
const LEAST = 100;
const OVER_MS = 300_000;
const CONDITIONS = ["above", "below", "risesBy", "fallsBy", "noData"] as const;

const ruleSchema = z.strictObject({
  query: z.string().optional(),
  where: z.record(z.string(), z.string()).optional(),
  measure: z.string().optional(),
  metric: z.string().optional(),
  over: z.string().optional(),
  above: z.number().optional(),
  below: z.number().optional(),
  risesBy: z.number().positive().optional(),
  fallsBy: z.number().positive().max(1).optional(),
  against: z.string().optional(),
  least: z.number().min(1).optional(),
  noData: z.literal(true).optional(),
  for: z.string().optional(),
  severity: z.enum(["critical", "warning", "info"]).optional(),
  note: z.string().min(1).max(1_000).optional(),
});
type Written = z.infer<typeof ruleSchema>;

/** What rules are checked against. */
export interface RuleSurroundings {
  /** Whose rows can be watched. */
  queries: readonly QueryPlan[];
  windows: WindowLengths;
  /** How often the engine commits when all is well. */
  commitEveryMs: number;
}

/**
 * The alert rules of a pipeline: the default ones as far as its queries allow, then those of the config file.
 * @throws UsageError naming the rule that can't be used.
 */
export function resolveAlertRules(file: ConfigFile | undefined, around: RuleSurroundings): AlertRule[] {
  const written = file?.values.alertRules ?? {};
  if (file === undefined || typeof written !== "object" || written === null || Array.isArray(written)) {
    if (file === undefined || file.values.alertRules === undefined) return usableDefaults(around);
    throw new UsageError(
      `alertRules in ${file.path} must be an object of rules by their names.`,
      'Write: alertRules: { busy_home: { query: "url_counts", where: { url: "/" }, measure: "events", above: 500 } }.',
    );
  }
  const rules = new Map(usableDefaults(around).map((rule) => [rule.name, rule]));
  const defaults = defaultsOf(around).map(({ name }) => name);
  for (const [name, value] of Object.entries(written as Record<string, unknown>)) {
    if (value !== false) {
      rules.set(name, readRule(name, value, around));
    } else if (!rules.delete(name) && !defaults.includes(name)) {
      refuse(name, "false leaves out a default rule, and none is called so", suggestion(name, defaults));
    }
  }
  return [...rules.values()];
}

function defaultsOf({ commitEveryMs, windows }: RuleSurroundings): AlertRule[] {
  return defaultRules({ commitEveryMs, windowMs: windows.sizeMs });
}

function usableDefaults(around: RuleSurroundings): AlertRule[] {
  return defaultsOf(around).filter((rule) => {
    if (rule.kind === "metric") return true;
    const plan = around.queries.find(({ name }) => name === rule.query);
    if (plan === undefined) return false;
    if (!("againstMs" in rule.condition)) return true;
    return rule.condition.againstMs % windowsOf(plan, around.windows).slideMs === 0;
  });
}

function readRule(name: string, value: unknown, around: RuleSurroundings): AlertRule {
  if (!NAME.test(name)) {
    refuse(name, "a name is up to 64 lower-case letters, digits and underscores", "Rename it.");
  }
  const parsed = ruleSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const at = issue?.path.join(".");
    refuse(
      name,
      `${at === "" || at === undefined ? "" : `${at}: `}${issue?.message ?? "it is no rule"}`,
      "Correct it.",
    );
  }
  const rule = parsed.data;
  const given = CONDITIONS.filter((condition) => rule[condition] !== undefined);
  if (given.length !== 1) {
    const what = given.length === 0 ? "it has no condition" : `it has ${given.join(" and ")}`;
    refuse(name, what, `Give one of ${CONDITIONS.join(", ")}.`);
  }
  if ((rule.query === undefined) === (rule.metric === undefined)) {
    refuse(
      name,
      "it watches either a query or a metric",
      'Give query: "window_totals", or metric: "lag_events".',
    );
  }
  const told = {
    name,
    severity: rule.severity ?? "warning",
    note: rule.note ?? null,
    forMs: durationOf(name, "for", rule.for) ?? 0,
  } as const;
  return rule.metric === undefined
    ? { ...told, ...queryPart(name, rule, around) }
    : { ...told, ...metricPart(name, rule) };
}

function metricPart(name: string, rule: Written) {
  const metric = METRICS.find((known) => known === rule.metric);
  if (metric === undefined) {
    refuse(name, `there is no metric ${rule.metric}`, suggestion(rule.metric!, METRICS));
  }
  const others = ["where", "measure", "risesBy", "fallsBy", "against", "least", "noData"] as const;
  const other = others.find((key) => rule[key] !== undefined);
  if (other !== undefined)
    refuse(name, `${other} is for queries`, "Metrics are watched with above or below.");
  const overMs = durationOf(name, "over", rule.over) ?? OVER_MS;
  if (rule.over !== undefined && !metric.endsWith("_share")) {
    refuse(
      name,
      "over is for dead_letter_share and late_share",
      "Leave it out; for says how long it has to hold.",
    );
  }
  if (overMs > LONGEST_OVER_MS || overMs < 10_000) {
    refuse(
      name,
      `over ${rule.over} is not between 10s and ${formatDuration(LONGEST_OVER_MS)}`,
      "Correct it.",
    );
  }
  return { kind: "metric", metric, condition: threshold(rule), overMs } as const;
}

function queryPart(name: string, rule: Written, { queries, windows }: RuleSurroundings) {
  const plan = queries.find((query) => query.name === rule.query);
  if (plan === undefined) {
    const names = queries.map((query) => query.name);
    refuse(name, `no query is called ${rule.query}`, suggestion(rule.query!, names));
  }
  if (rule.over !== undefined) refuse(name, "over is for metrics", "Leave it out.");
  for (const key of Object.keys(rule.where ?? {})) {
    if ((plan.by as readonly string[]).includes(key)) continue;
    refuse(name, `${plan.name} has no key ${key}`, suggestion(key, plan.by));
  }
  const condition = windowCondition(name, rule, windowsOf(plan, windows));
  const watched = { kind: "query", query: plan.name, where: rule.where ?? {} } as const;
  if (condition.kind === "noData") {
    if (rule.measure !== undefined)
      refuse(name, "noData looks at rows, not at a measure", "Leave measure out.");
    return { ...watched, measure: null, condition };
  }
  return { ...watched, measure: measureOf(name, rule, plan), condition };
}

const NO_NUMBERS: readonly Measure["kind"][] = ["minTime", "maxTime", "first", "last"];

function measureOf(name: string, { measure }: Written, plan: QueryPlan): string {
  const numbers = Object.entries(plan.measures)
    .filter(([, { kind }]) => !NO_NUMBERS.includes(kind))
    .map(([column]) => column);
  if (measure === undefined) refuse(name, "it names no measure", `Give one of ${numbers.join(", ")}.`);
  if (!numbers.includes(measure)) {
    refuse(name, `${plan.name} has no number ${measure}`, suggestion(measure, numbers));
  }
  return measure;
}

function windowCondition(name: string, rule: Written, { slideMs }: WindowLengths): WindowCondition {
  if (rule.noData) return { kind: "noData" };
  if (rule.risesBy === undefined && rule.fallsBy === undefined) {
    if ((rule.against ?? rule.least) !== undefined) {
      refuse(name, "against and least go with risesBy or fallsBy", "Leave them out, or compare.");
    }
    return threshold(rule);
  }
  const againstMs = durationOf(name, "against", rule.against);
  if (againstMs === undefined) {
    refuse(name, "it does not say what it compares with", 'Give against: "1 hour", or "1 day".');
  }
  if (againstMs % slideMs !== 0 || againstMs === 0 || againstMs > LONGEST_AGAINST_MS) {
    const slide = formatDuration(slideMs);
    refuse(name, `against ${rule.against} is no multiple of ${slide} up to 7 days`, "No window ended then.");
  }
  const kind = rule.risesBy === undefined ? "falls" : "rises";
  return { kind, by: (rule.risesBy ?? rule.fallsBy)!, againstMs, least: rule.least ?? LEAST };
}

function threshold({ above, below }: Written): Threshold {
  return above === undefined ? { kind: "below", limit: below! } : { kind: "above", limit: above };
}

function durationOf(name: string, key: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text, `${key} of the alert rule ${name}`);
}

function suggestion(word: string, known: readonly string[]): string {
  const guess = nearest(word, known);
  return guess === undefined ? `There are ${known.join(", ")}.` : `Did you mean ${guess}?`;
}

function refuse(name: string, what: string, nextStep: string): never {
  throw new UsageError(`The alert rule ${name} can't be used: ${what}.`, nextStep);
}
