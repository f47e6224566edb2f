// Events as Segment's analytics.js and mobile libraries send them.
import { defineConfig, max, query, sum } from "clickstream";

export default defineConfig({
  topic: "segment",
  fields: {
    event_id: "messageId",
    user_id: "anonymousId", // userId is null until somebody signs in
    session_id: "anonymousId", // Segment has no sessions: one a visitor and window
    url: { path: "context.page.url", default: "(app)" },
    action: { path: "type", map: { page: "view", screen: "view", track: "click" } },
    device_type: {
      path: "context.device.type",
      default: "desktop",
      map: { ios: "mobile", android: "mobile" },
    },
    browser: { path: "context.library.name", default: "unknown" },
  },
  extraFields: { revenue: { path: "properties.revenue", type: "number", default: 0 } },
  queries: [
    query("page_revenue", { by: ["url"], measures: { revenue: sum("revenue"), largest: max("revenue") } }),
  ],
});
