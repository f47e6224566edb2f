import type { AlertStore } from "./alert-store.ts";
import type { Notification } from "./notification.ts";
import { keyOf, type Watchable } from "./row-values.ts";
import { type AlertRule, ruleText, type Severity } from "./rule.ts";

/** An alert that is on its way to fire, or fires. */
export interface ActiveAlert {
  rule: string;
  severity: Severity;
  /** Key columns and values; empty when the rule has one alert alone. */
  key: Readonly<Record<string, string>>;
  phase: "pending" | "firing";
  /** Whether times are event time or wall-clock time, ms since the epoch. */
  time: "event" | "wall";
  sinceMs: number;
  firedMs: number | null;
  value: number | null;
  condition: string;
  note: string | null;
}

/** Alerts as of one moment; plain data. */
export interface AlertsStatus {
  rules: number;
  /** Firing ones first, then by rule and key. */
  active: ActiveAlert[];
  /** How many fire, also those beyond what is listed. */
  firing: number;
  /** How many are pending, likewise. */
  pending: number;
  /** The latest changes, newest first. */
  recent: Notification[];
  /** By sink, how many notifications it has not taken yet. */
  undelivered: Record<string, number>;
}

const SHOWN_ACTIVE = 100;
const SHOWN_CHANGES = 20;

/** Reads it from what is committed. */
export function alertsStatus(
  store: AlertStore,
  rules: readonly AlertRule[],
  watched: ReadonlyMap<string, Watchable>,
): AlertsStatus {
  const active = rules.flatMap((rule) =>
    [...store.states(rule.name)].map(([text, state]): ActiveAlert => {
      const query = rule.kind === "query" ? watched.get(rule.query) : undefined;
      return {
        ...{ rule: rule.name, severity: rule.severity, note: rule.note, condition: ruleText(rule) },
        key: rule.kind === "query" && query !== undefined ? keyOf(rule, query, text) : {},
        time: rule.kind === "query" ? "event" : "wall",
        ...state,
      };
    }),
  );
  const isPending = ({ phase }: ActiveAlert): number => (phase === "pending" ? 1 : 0);
  const pending = active.reduce((sum, alert) => sum + isPending(alert), 0);
  return {
    rules: rules.length,
    firing: active.length - pending,
    pending,
    active: active.sort((a, b) => isPending(a) - isPending(b)).slice(0, SHOWN_ACTIVE),
    recent: store.changes(SHOWN_CHANGES),
    undelivered: store.undelivered(),
  };
}
