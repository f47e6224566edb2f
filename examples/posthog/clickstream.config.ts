// Events as PostHog's libraries capture them, and as its exports hold them.
import { count, countDistinct, countWhere, defineConfig, query } from "clickstream";

export default defineConfig({
  topic: "posthog",
  actions: ["leave"],
  fields: {
    event_id: "uuid",
    user_id: "distinct_id",
    session_id: { path: "properties.$session_id", default: "(server)" },
    url: { path: "properties.$current_url", default: "(server)" },
    action: { path: "event", map: { $pageview: "view", $autocapture: "click", $pageleave: "leave" } },
    device_type: {
      path: "properties.$device_type",
      default: "desktop",
      map: { Desktop: "desktop", Mobile: "mobile", Tablet: "tablet" },
    },
    browser: { path: "properties.$browser", default: "unknown" },
  },
  extraFields: { country: { path: "properties.$geoip_country_code", default: "unknown" } },
  queries: [
    query("country_counts", {
      by: ["country"],
      measures: { events: count(), users: countDistinct("user_id"), views: countWhere("action", "view") },
    }),
  ],
});
