import { DATA_QUALITY } from "../queries/data-quality.ts";
import type { AlertRule, MetricRule, QueryRule, Severity } from "./rule.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** After the first one: one window alone is often nothing. */
const UNEXPECTED_WINDOWS = 2;
const SHARES_OVER_MS = 5 * MINUTE_MS;

/**
 * The rules that hold unless the user says otherwise. `commitEveryMs`: how often the engine commits when all is well; `windowMs`: how long windows are.
 * Numbers of traffic are by the day, which has its own quiet hours; those of the pipeline are the ones of `docs/operations.md`.
 */
export function defaultRules({
  commitEveryMs,
  windowMs,
}: {
  commitEveryMs: number;
  windowMs: number;
}): AlertRule[] {
  return [
    traffic("traffic_fell", {
      condition: { kind: "falls", by: 0.5, againstMs: DAY_MS, least: 1_000 },
      forMs: 10 * MINUTE_MS,
      note: "Half of a day ago or less: look at the site, then at its producers.",
    }),
    traffic("traffic_jumped", {
      condition: { kind: "rises", by: 2, againstMs: HOUR_MS, least: 1_000 },
      forMs: 10 * MINUTE_MS,
      note: "Three times as much as an hour ago: a campaign, a crawler, or events sent twice.",
    }),
    {
      ...{ name: "data_unexpected", severity: "warning", forMs: UNEXPECTED_WINDOWS * windowMs },
      ...{ kind: "query", query: DATA_QUALITY, where: {}, measure: "ok" },
      condition: { kind: "below", limit: 1 },
      note: "Out of its range for three windows: data_quality has the values, and what was expected.",
    },
    metric("no_events", "warning", "quiet_seconds", 600, 0, "Nothing comes in: look at the producers."),
    metric(
      ...(["many_dead_letters", "warning", "dead_letter_share", 0.01, 5 * MINUTE_MS] as const),
      "clickstream dlq list tells why.",
    ),
    metric(
      ...(["many_late_events", "warning", "late_share", 0.01, 10 * MINUTE_MS] as const),
      "Find the slow producer; a longer --delay needs a new output.",
    ),
    metric(
      ...(["falling_behind", "warning", "lag_events", 100_000, 10 * MINUTE_MS] as const),
      "More --workers, a faster machine, or wait out a peak.",
    ),
    metric(
      ...(["watermark_stuck", "warning", "watermark_stuck_seconds", 900, 0] as const),
      "Events come, but no window closes: clickstream explain names the partition.",
    ),
    metric(
      ...(["not_committing", "critical", "commit_age_seconds"] as const),
      ...([Math.max(60, (10 * commitEveryMs) / 1_000), MINUTE_MS] as const),
      "The log names what does not answer: the disk, a sink, the dead-letter topic.",
    ),
    metric(
      ...(["engine_failed", "critical", "engine_failed", 0, 0] as const),
      "The log has the error and the next step. Nothing is lost while Kafka keeps the events.",
    ),
    metric(
      ...(["state_large", "warning", "state_share", 0.8, 5 * MINUTE_MS] as const),
      "clickstream explain tells what holds windows open; else raise --max-state-mb.",
    ),
    metric(
      ...(["outbox_grows", "warning", "outbox_entries", 1_000, 5 * MINUTE_MS] as const),
      "A sink is slow or away; the log says which.",
    ),
  ];
}

function traffic(
  name: string,
  { condition, forMs, note }: Pick<QueryRule, "condition" | "forMs" | "note">,
): QueryRule {
  const watched = { kind: "query", query: "window_totals", where: {}, measure: "events" } as const;
  return { name, severity: "warning", note, forMs, ...watched, condition };
}

function metric(
  name: string,
  severity: Severity,
  watched: MetricRule["metric"],
  limit: number,
  forMs: number,
  note: string,
): MetricRule {
  const condition = { kind: "above", limit } as const;
  return { name, severity, note, forMs, kind: "metric", metric: watched, condition, overMs: SHARES_OVER_MS };
}
