/** Entry point of the thread that evaluates alert rules and tells of alerts: nothing of it can hold the engine up. */
import assert from "node:assert/strict";
import { parentPort, workerData } from "node:worker_threads";
import { AlertStore } from "../../alerts/alert-store.ts";
import { Alerting } from "../../alerts/alerting.ts";
import { logSink } from "../../alerts/log-sink.ts";
import type { AlertSink } from "../../alerts/sink.ts";
import { Webhook } from "../../alerts/webhook.ts";
import { systemClock } from "../../core/clock.ts";
import { FinalWindows } from "../../history/final-windows.ts";
import type { AlertingSetup, FromThread, ToThread } from "./thread-messages.ts";

/** For the days of the archive, which are read only after a long time away. */
const LIMITS = { memoryMb: 256, threads: 1 };

assert(parentPort !== null, "this file runs as a worker thread");
const port = parentPort;
const setup = workerData as AlertingSetup;
const post = (message: FromThread): void => port.postMessage(message);

const store = new AlertStore(setup.folder);
const windows = new FinalWindows(setup.output, systemClock, LIMITS);
const alerting = new Alerting({
  ...setup,
  store,
  windows,
  sinks: await sinks(setup),
  clock: systemClock,
  onProblem: (message) => post({ kind: "problem", message }),
  onStatus: (status) => post({ kind: "status", status }),
});

port.on("message", async (message: ToThread) => {
  if (message.kind === "sample") {
    alerting.tell(message.sample, message.closedThroughMs);
    return;
  }
  await alerting.stop(message);
  windows[Symbol.dispose]();
  store[Symbol.dispose]();
  post({ kind: "stopped" });
  port.close();
});

/** The Kafka client is loaded only where a topic is told: without it the thread starts in half the time. */
async function sinks({ webhook, alertTopic }: AlertingSetup): Promise<AlertSink[]> {
  const told: AlertSink[] = [
    logSink((level, message, alert) => post({ kind: "alert", level, message, alert })),
  ];
  if (webhook !== null) told.push(new Webhook(webhook, systemClock));
  if (alertTopic !== null) {
    const { TopicSink } = await import("../../alerts/topic-sink.ts");
    told.push(new TopicSink({ ...alertTopic, clock: systemClock }));
  }
  return told;
}
