import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { AlertStore } from "../../alerts/alert-store.ts";
import { watchables } from "../../alerts/row-values.ts";
import type { AlertsStatus } from "../../alerts/status.ts";
import type { WebhookOptions } from "../../alerts/webhook.ts";
import { readManifest } from "../../sinks/manifest-file.ts";
import { type Settings, variableOf } from "../config/settings.ts";
import type { PipelineSettings } from "../config.ts";
import type { Context } from "../context.ts";
import type { RunningAlerts, RunningEngine } from "../parts.ts";
import { RetryWarnings } from "../retry-warnings.ts";
import { metricSample } from "./metric-sample.ts";
import type { AlertingSetup, FromThread, ToThread } from "./thread-messages.ts";

const SAMPLE_EVERY_MS = 5_000;
/** A run that ends by itself waits no longer for who is to be told; the next start tells them. */
const DELIVER_AT_END_MS = 10_000;
/** Beyond that, for what is evaluated at the end. */
const STOP_GRACE_MS = 20_000;
/** A thread that died is started again after so long. */
const RESTART_AFTER_MS = 60_000;
/** Far more than it needs; what goes beyond it ends the thread, not the engine. */
const MEMORY_LIMIT_MB = 512;

/** Where the alerts' state of an output lies. No query has a name that begins so. */
export function alertsFolderOf(output: string): string {
  return join(output, "checkpoints", "_alerts");
}

/**
 * Prepares alerts, before the engine starts: what is final by then is nobody's news. A failure is a warning, and there are
 * no alerts.
 */
export async function openAlerts(context: Context, settings: PipelineSettings): Promise<RunningAlerts> {
  const { config, log } = context;
  const { output, queries } = settings;
  if (!config.settings.alerts || config.alertRules.length === 0) return NO_ALERTS;
  try {
    const closedBeforeMs = (await readManifest(output))?.closedThroughMs ?? null;
    const folder = alertsFolderOf(output);
    using store = new AlertStore(folder);
    store.begin(closedBeforeMs);
    const { alertTopic, maxStateMb } = config.settings;
    const { kafka, topic, windows } = settings;
    const watched = watchables(queries, windows);
    const setup: AlertingSetup = {
      ...{ output, folder, rules: config.alertRules, watched, topic, closedBeforeMs },
      webhook: webhookOf(config.settings),
      alertTopic: alertTopic === undefined ? null : { kafka, topic: alertTopic },
    };
    return new AlertingThread(context, setup, maxStateMb * 1e6);
  } catch (error) {
    log.warn(`there are no alerts: ${(error as Error).message}`);
    return NO_ALERTS;
  }
}

const NO_ALERTS: RunningAlerts = { watch: () => {}, status: () => undefined, stop: async () => {} };

function webhookOf(settings: Settings): WebhookOptions | null {
  const { alertWebhook: url, alertWebhookSecret, alertWebhookSecretFile: file } = settings;
  if (url === undefined) return null;
  const variable =
    alertWebhookSecret === undefined ? undefined : { variable: variableOf("alertWebhookSecret") };
  const secret = file === undefined ? variable : { file };
  return { url, secret, privateRedirects: settings.alertWebhookPrivate };
}

/** The engine's end of the thread that evaluates and tells. */
class AlertingThread implements RunningAlerts {
  readonly #context: Context;
  readonly #setup: AlertingSetup;
  readonly #maxStateBytes: number;
  readonly #problems: RetryWarnings;
  readonly #stopping = new AbortController();
  #engine: RunningEngine | undefined;
  #failed = false;
  #thread: Worker | undefined;
  #stopped = Promise.withResolvers<void>();
  #sampling: Promise<void> = Promise.resolve();
  #status: AlertsStatus | undefined;

  constructor(context: Context, setup: AlertingSetup, maxStateBytes: number) {
    this.#context = context;
    this.#setup = setup;
    this.#maxStateBytes = maxStateBytes;
    this.#problems = new RetryWarnings(context.log, context.clock, "alerting");
  }

  watch(engine: RunningEngine): void {
    this.#engine = engine;
    engine.ended.catch(() => {
      this.#failed = true;
    });
    this.#start();
    this.#sampling = this.#sample();
  }

  status(): AlertsStatus | undefined {
    return this.#status;
  }

  async stop(): Promise<void> {
    if (this.#engine === undefined) return;
    this.#stopping.abort();
    await this.#sampling;
    if (this.#thread === undefined) return;
    const evaluate = this.#failed || !this.#context.stopRequested.aborted;
    this.#sendSample();
    this.#send({ kind: "stop", evaluate, deliverMs: evaluate ? DELIVER_AT_END_MS : 0 });
    const grace = new AbortController();
    const patience = this.#context.clock.sleep(DELIVER_AT_END_MS + STOP_GRACE_MS, grace.signal);
    await Promise.race([this.#stopped.promise, patience]);
    grace.abort();
    await this.#thread?.terminate();
  }

  async #sample(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#sendSample();
      await this.#context.clock.sleep(SAMPLE_EVERY_MS, signal);
    }
  }

  #sendSample(): void {
    const engine = this.#engine!;
    const at = {
      nowMs: this.#context.clock.nowMs(),
      failed: this.#failed,
      maxStateBytes: this.#maxStateBytes,
    };
    const closedThroughMs = engine.inspect().manifest?.closedThroughMs ?? null;
    this.#send({ kind: "sample", sample: metricSample(engine, at), closedThroughMs });
  }

  #send(message: ToThread): void {
    this.#thread?.postMessage(message);
  }

  #start(): void {
    const thread = new Worker(new URL("./alerting-thread.ts", import.meta.url), {
      workerData: this.#setup,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_LIMIT_MB },
    });
    this.#thread = thread;
    let reason = "it ended";
    thread.on("message", (message: FromThread) => this.#receive(message));
    thread.on("error", (error) => {
      reason = error.message;
    });
    thread.on("exit", () => {
      this.#thread = undefined;
      this.#stopped.resolve();
      if (!this.#stopping.signal.aborted) void this.#startAgain(reason);
    });
  }

  async #startAgain(reason: string): Promise<void> {
    const { log, clock } = this.#context;
    log.warn({ reason }, "alerts are not evaluated for now; in a minute they are again");
    await clock.sleep(RESTART_AFTER_MS, this.#stopping.signal);
    if (!this.#stopping.signal.aborted) this.#start();
  }

  #receive(message: FromThread): void {
    switch (message.kind) {
      case "alert":
        this.#context.log[message.level]({ alert: message.alert }, message.message);
        break;
      case "problem":
        this.#problems.report(message.message);
        break;
      case "status":
        this.#status = message.status;
        break;
      case "stopped":
        this.#stopped.resolve();
        break;
    }
  }
}
