import { type Notification, notification } from "../../src/alerts/notification.ts";
import type { QueryRule } from "../../src/alerts/rule.ts";

export const BUSY_PAGE: QueryRule = {
  ...{ name: "busy_page", severity: "critical", note: "look at the page", forMs: 300_000 },
  ...{ kind: "query", query: "url_counts", where: { url: "/cart" }, measure: "events" },
  condition: { kind: "above", limit: 500 },
};

/** What is told of the n-th change of a rule. */
export function busyPage(n: number, change: "firing" | "resolved" = "firing"): Notification {
  const atMs = Date.parse("2026-11-23T08:05:00Z") + n * 60_000;
  const firedMs = change === "firing" ? atMs : atMs - 60_000;
  const state = { phase: "firing", sinceMs: firedMs - 300_000, firedMs, value: 812 } as const;
  const about = { change, keyText: '["/cart"]', key: { url: "/cart" }, atMs, state, value: 812 };
  return notification(BUSY_PAGE, about, { source: "a", topic: "clicks" });
}
