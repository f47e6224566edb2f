import { moment, secret, text, toggle, topicName, webAddress } from "./kinds.ts";
import { setting } from "./setting.ts";

const ALERTING = ["run", "process"] as const;

/** Whether rules are evaluated, and who is told. The rules themselves are in the config file. */
export const ALERT_SETTINGS = {
  alerts: setting(toggle, true, {
    group: "Alerts",
    commands: ALERTING,
    doc: "evaluate no alert rules",
  }),
  alertWebhook: setting(webAddress, undefined, {
    group: "Alerts",
    commands: ALERTING,
    doc: "address that alerts are posted to, as JSON",
    defaultDoc: "none",
  }),
  alertWebhookSecret: setting(secret, undefined, {
    group: "Alerts",
    commands: ALERTING,
    doc: "secret that signs what is posted (HMAC-SHA-256)",
    onlyVariable: true,
  }),
  alertWebhookSecretFile: setting(text("file"), undefined, {
    group: "Alerts",
    commands: ALERTING,
    doc: "file that holds the secret, and nothing else; read each time",
  }),
  alertWebhookPrivate: setting(toggle, false, {
    group: "Alerts",
    commands: ALERTING,
    doc: "let redirects of the webhook lead to private addresses",
  }),
  alertTopic: setting(topicName, undefined, {
    group: "Alerts",
    commands: ALERTING,
    doc: "Kafka topic that alerts are written to, such as clickstream.alerts; created with the first",
    defaultDoc: "none",
  }),
  from: setting(moment, undefined, {
    group: "Alerts",
    commands: ["alerts"],
    doc: "test: windows that end after it",
    defaultDoc: "the first",
    onlyFlag: true,
  }),
  to: setting(moment, undefined, {
    group: "Alerts",
    commands: ["alerts"],
    doc: "test: windows that end at or before it",
    defaultDoc: "the last",
    onlyFlag: true,
  }),
} as const;
