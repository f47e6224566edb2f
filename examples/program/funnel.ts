// A query of one's own, in a file of its own: the program runs it, the test tests it.
import { type ClickstreamConfig, count, countDistinct, countWhere, query } from "clickstream";

/** What happens on each page of the shop, by device. */
export const funnel = query("funnel", {
  by: ["url", "device_type"],
  measures: {
    events: count(),
    users: countDistinct("user_id"),
    clicks: countWhere("action", "click"),
  },
});

export const config: ClickstreamConfig = {
  window: "5 minutes",
  slide: "1 minute",
  queries: [funnel],
  standardQueries: false,
};
