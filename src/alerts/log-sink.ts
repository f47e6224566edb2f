import { type Notification, notificationText } from "./notification.ts";
import type { AlertSink } from "./sink.ts";

/** Tells a log: a warning when an alert fires, a piece of news when it is resolved. */
export function logSink(
  log: (level: "warn" | "info", message: string, alert: Notification) => void,
): AlertSink {
  return {
    name: "log",
    async send(notification) {
      const level = notification.state === "firing" ? "warn" : "info";
      log(level, `alert ${notificationText(notification)}`, notification);
    },
  };
}
