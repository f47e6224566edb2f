import { createHash } from "node:crypto";
import type { AlertState } from "./lifecycle.ts";
import { type AlertRule, ruleText, type Severity } from "./rule.ts";

/** What a person or program is told when an alert begins to fire or is resolved; the JSON that sinks send. */
export interface Notification {
  /** The same however often it arrives: receivers drop repeats by it. */
  readonly id: string;
  /** Shared by `firing` and its `resolved`. */
  readonly incident: string;
  readonly state: "firing" | "resolved";
  readonly rule: string;
  readonly severity: Severity;
  /** What the alert is about: key columns and values; empty when the rule has one alert alone. */
  readonly key: Readonly<Record<string, string>>;
  /** Whether `at` is event time (the end of a final window) or wall-clock time. */
  readonly time: "event" | "wall";
  /** When it began to fire, or was resolved; ISO, UTC. */
  readonly at: string;
  /** Since when the condition holds, or held. */
  readonly since: string;
  readonly value: number | null;
  /** In words. */
  readonly condition: string;
  readonly note: string | null;
  /** `rule_changed` when it was resolved because the rule is another or gone. */
  readonly reason: "condition" | "rule_changed";
  /** The topic of the events. */
  readonly topic: string;
}

/** A change that sinks are told of. */
export interface NotifiedChange {
  readonly change: "firing" | "resolved";
  /** The key's text, as states are stored by. */
  readonly keyText: string;
  readonly key: Readonly<Record<string, string>>;
  readonly atMs: number;
  /** While it fired. */
  readonly state: AlertState;
  readonly value: number | null;
  readonly reason?: Notification["reason"];
}

/** Who tells: `source` is of the state that alerts are kept in, so that two pipelines never share an id. */
export interface Teller {
  readonly source: string;
  readonly topic: string;
}

/** The notification of a change: a function of rule, key and times, so that a repeat is the same. */
export function notification(
  rule: AlertRule,
  change: NotifiedChange,
  { source, topic }: Teller,
): Notification {
  const firedMs = change.state.firedMs ?? change.atMs;
  const identity = [source, rule.name, change.keyText];
  return {
    id: idOf([...identity, change.change, change.atMs]),
    incident: idOf([...identity, "incident", firedMs]),
    state: change.change,
    rule: rule.name,
    severity: rule.severity,
    key: change.key,
    time: rule.kind === "query" ? "event" : "wall",
    at: new Date(change.atMs).toISOString(),
    since: new Date(change.state.sinceMs).toISOString(),
    value: change.value,
    condition: ruleText(rule),
    note: rule.note,
    reason: change.reason ?? "condition",
    topic,
  };
}

/** One line for people: `firing: busy_page (url /cart), 812: events of url_counts above 500, for 5m`. */
export function notificationText({ state, rule, key, value, condition }: Notification): string {
  const of = Object.entries(key).map(([column, text]) => `${column} ${JSON.stringify(text)}`);
  const about = of.length === 0 ? "" : ` (${of.join(", ")})`;
  return `${state}: ${rule}${about}${value === null ? "" : `, ${value}`}: ${condition}`;
}

function idOf(parts: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}
