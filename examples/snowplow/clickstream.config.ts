// Enriched events of Snowplow as its analytics SDKs write them in JSON.
import { count, countDistinct, countWhere, defineConfig, query } from "clickstream";

export default defineConfig({
  topic: "snowplow",
  fields: {
    user_id: "domain_userid",
    session_id: "domain_sessionid",
    url: "page_url",
    action: { path: "event_name", map: { page_view: "view", page_ping: "scroll", link_click: "click" } },
    timestamp: "derived_tstamp",
    device_type: {
      path: "dvce_type",
      default: "desktop",
      map: { Computer: "desktop", Mobile: "mobile", Tablet: "tablet" },
    },
    browser: { path: "br_family", default: "unknown" },
  },
  extraFields: { country: { path: "geo_country", default: "unknown" } },
  queries: [
    query("country_counts", {
      by: ["country"],
      measures: { events: count(), users: countDistinct("user_id"), views: countWhere("action", "view") },
    }),
  ],
});
