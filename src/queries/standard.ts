import type { QueryPlan } from "./plan.ts";
import { count, countDistinct, countWhere, maxTime, minTime, query, timeSpan } from "./query.ts";

/** Events by the actions that every pipeline knows. */
export const ACTION_COUNTS = {
  clicks: countWhere("action", "click"),
  views: countWhere("action", "view"),
  scrolls: countWhere("action", "scroll"),
  hovers: countWhere("action", "hover"),
};

/** The analyses that run unless the user declares others. */
export const STANDARD_QUERIES: readonly QueryPlan[] = Object.freeze([
  query("url_counts", {
    by: ["url"],
    measures: { events: count(), users: countDistinct("user_id"), ...ACTION_COUNTS },
  }),
  query("device_counts", {
    by: ["device_type"],
    measures: { events: count(), users: countDistinct("user_id"), sessions: countDistinct("session_id") },
  }),
  query("browser_counts", {
    by: ["device_type", "browser"],
    measures: { events: count(), users: countDistinct("user_id"), sessions: countDistinct("session_id") },
  }),
  query("user_activity", {
    by: ["user_id"],
    measures: {
      events: count(),
      ...ACTION_COUNTS,
      urls: countDistinct("url"),
      sessions: countDistinct("session_id"),
      session_seconds: timeSpan("session_id"),
      longest_session_seconds: timeSpan("session_id", "longest"),
      first_seen: minTime(),
      last_seen: maxTime(),
    },
  }),
  query("window_totals", {
    by: [],
    measures: {
      events: count(),
      users: countDistinct("user_id"),
      sessions: countDistinct("session_id"),
      session_seconds: timeSpan("session_id"),
    },
  }),
]);
