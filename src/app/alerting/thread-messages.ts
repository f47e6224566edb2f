import type { MetricSample } from "../../alerts/metrics.ts";
import type { Notification } from "../../alerts/notification.ts";
import type { Watchable } from "../../alerts/row-values.ts";
import type { AlertRule } from "../../alerts/rule.ts";
import type { AlertsStatus } from "../../alerts/status.ts";
import type { WebhookOptions } from "../../alerts/webhook.ts";
import type { KafkaOptions } from "../../kafka/options.ts";

/** What the thread that evaluates and tells is started with. */
export interface AlertingSetup {
  output: string;
  /** Of the alerts' state. */
  folder: string;
  rules: readonly AlertRule[];
  watched: ReadonlyMap<string, Watchable>;
  topic: string;
  closedBeforeMs: number | null;
  webhook: WebhookOptions | null;
  alertTopic: { kafka: KafkaOptions; topic: string } | null;
}

/** To the thread. */
export type ToThread =
  | { kind: "sample"; sample: MetricSample; closedThroughMs: number | null }
  | { kind: "stop"; evaluate: boolean; deliverMs: number };

/** From the thread. */
export type FromThread =
  | { kind: "alert"; level: "warn" | "info"; message: string; alert: Notification }
  | { kind: "problem"; message: string }
  | { kind: "status"; status: AlertsStatus }
  | { kind: "stopped" };
