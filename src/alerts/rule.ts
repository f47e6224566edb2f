import { formatDuration } from "../core/durations.ts";
import type { MetricName } from "./metrics.ts";

/** How much an alert matters to whoever is told. */
export type Severity = "critical" | "warning" | "info";

/** Holds while a value is beyond a limit; equal is not beyond. */
export interface Threshold {
  readonly kind: "above" | "below";
  readonly limit: number;
}

/**
 * Compares with the window that ended `againstMs` earlier. `rises` by 0.5 holds from half as many again; numbers before
 * that are below `least` are taken as `least`. `falls` by 0.5 holds from half as many; only where at least `least` were.
 */
export interface ChangeCondition {
  readonly kind: "rises" | "falls";
  readonly by: number;
  readonly againstMs: number;
  readonly least: number;
}

/** Holds while no row of the query is there. */
export interface NoData {
  readonly kind: "noData";
}

/** What has to hold in a window. */
export type WindowCondition = Threshold | ChangeCondition | NoData;

interface NamedRule {
  readonly name: string;
  readonly severity: Severity;
  /** Told with the alert, such as where to look; null for none. */
  readonly note: string | null;
  /** The condition has to hold for so long, ms; 0: at once. */
  readonly forMs: number;
}

/** Watches rows of final windows, in event time: each key of the query that `where` leaves is an alert of its own. */
export interface QueryRule extends NamedRule {
  readonly kind: "query";
  readonly query: string;
  /** Values that keys of the rows must have. */
  readonly where: Readonly<Record<string, string>>;
  /** A column of the rows; null with `noData`. */
  readonly measure: string | null;
  readonly condition: WindowCondition;
}

/** Watches the pipeline itself, in wall-clock time. */
export interface MetricRule extends NamedRule {
  readonly kind: "metric";
  readonly metric: MetricName;
  readonly condition: Threshold;
  /** What shares are taken over, ms. */
  readonly overMs: number;
}

/** One rule: what is watched and when a person shall know. Plain data. */
export type AlertRule = QueryRule | MetricRule;

/** What a rule watches for, in words: `events of url_counts where url is /checkout below 10, for 5m`. */
export function ruleText(rule: AlertRule): string {
  const duration = rule.forMs === 0 ? "" : `, for ${formatDuration(rule.forMs)}`;
  return `${watchedText(rule)} ${conditionText(rule.condition)}${duration}`;
}

function watchedText(rule: AlertRule): string {
  if (rule.kind === "metric") return rule.metric;
  const where = Object.entries(rule.where).map(([key, value]) => `${key} is ${value}`);
  const of = `${rule.query}${where.length === 0 ? "" : ` where ${where.join(" and ")}`}`;
  return rule.measure === null ? of : `${rule.measure} of ${of}`;
}

function conditionText(condition: WindowCondition): string {
  switch (condition.kind) {
    case "above":
    case "below":
      return `${condition.kind} ${condition.limit}`;
    case "rises":
    case "falls": {
      const { kind, by, againstMs, least } = condition;
      const direction = kind === "rises" ? "more" : "less";
      return `${Math.round(by * 100)} % ${direction} than ${formatDuration(againstMs)} before, least ${least}`;
    }
    case "noData":
      return "has no rows";
  }
}
