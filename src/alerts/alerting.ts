import type { Clock } from "../core/clock.ts";
import type { AlertStore, StoredRule } from "./alert-store.ts";
import { Deliveries } from "./deliveries.ts";
import { evaluateMetric } from "./metric-rule.ts";
import { MetricHistory, type MetricSample } from "./metrics.ts";
import { notification } from "./notification.ts";
import { keyOf, type Watchable } from "./row-values.ts";
import type { AlertRule, MetricRule } from "./rule.ts";
import type { AlertSink } from "./sink.ts";
import { type AlertsStatus, alertsStatus } from "./status.ts";
import { type FinalWindowSource, WindowFollower } from "./window-follower.ts";

/** What alerting works with. */
export interface AlertingOptions {
  store: AlertStore;
  rules: readonly AlertRule[];
  /** By name: the queries that rules watch. */
  watched: ReadonlyMap<string, Watchable>;
  windows: FinalWindowSource;
  sinks: readonly AlertSink[];
  clock: Clock;
  /** The topic of the events, told with each alert. */
  topic: string;
  /** Windows through this were final before this process; null when none were. */
  closedBeforeMs: number | null;
  onProblem(message: string): void;
  /** Told whenever something is other than it was. */
  onStatus(status: AlertsStatus): void;
}

/** Rules of the pipeline and news of final windows are looked at so often. */
const LOOK_EVERY_MS = 5_000;
const RETRY_AFTER_MS = 10_000;

/**
 * Evaluates rules as windows become final and as time goes by, records what changes, and has it delivered. Whatever goes
 * wrong is told and tried again from what is recorded: nothing is skipped, nothing is evaluated twice.
 */
export class Alerting {
  readonly #options: AlertingOptions;
  readonly #follower: WindowFollower;
  readonly #history: MetricHistory;
  readonly #deliveries: readonly Deliveries[];
  readonly #lookedMs = new Map<string, number>();
  readonly #stopping = new AbortController();
  readonly #working: Promise<void>;
  #closedThroughMs: number | null = null;
  #told = "";

  /** @throws SQLite's errors */
  constructor(options: AlertingOptions) {
    this.#options = options;
    const { store, rules, clock, sinks, onProblem } = options;
    this.#adopt(rules);
    store.keepSinks(sinks.map(({ name }) => name));
    this.#history = new MetricHistory(clock.nowMs());
    this.#deliveries = sinks.map(
      (sink) => new Deliveries({ store, sink, clock, onProblem, onDelivered: () => this.#tellStatus() }),
    );
    this.#follower = new WindowFollower({
      ...options,
      rules: rules.filter((rule) => rule.kind === "query"),
      onChanges: () => this.#changed(),
    });
    this.#working = this.#work();
  }

  /** How the pipeline is doing, and through when windows are final. */
  tell(sample: MetricSample, closedThroughMs: number | null): void {
    this.#history.add(sample);
    this.#closedThroughMs = closedThroughMs ?? this.#closedThroughMs;
  }

  /**
   * Ends; with `evaluate` after all that was told has been evaluated, and what can be delivered within `deliverMs` is.
   * What is left is evaluated and delivered after the next start.
   */
  async stop({ evaluate, deliverMs }: { evaluate: boolean; deliverMs: number }): Promise<void> {
    this.#stopping.abort();
    await this.#working;
    if (evaluate) await this.#turn(undefined);
    if (deliverMs > 0) await Promise.all(this.#deliveries.map((each) => each.drained(deliverMs)));
    await Promise.all(this.#deliveries.map((each) => each.stop()));
  }

  async #work(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock } = this.#options;
    this.#changed();
    while (!signal.aborted) {
      const isWell = await this.#turn(signal);
      await clock.sleep(isWell ? LOOK_EVERY_MS : RETRY_AFTER_MS, signal);
    }
  }

  /** Evaluates what is new; false when it could not. */
  async #turn(signal: AbortSignal | undefined): Promise<boolean> {
    try {
      this.#look();
      if (this.#closedThroughMs !== null) await this.#follower.follow(this.#closedThroughMs, signal);
      return true;
    } catch (error) {
      this.#options.onProblem(
        `alerts could not be evaluated and are tried again: ${(error as Error).message}`,
      );
      return false;
    }
  }

  /** Rules of the pipeline, now. */
  #look(): void {
    const { store, rules, clock } = this.#options;
    const nowMs = clock.nowMs();
    const stored = new Map(store.rules().map((rule) => [rule.name, rule]));
    for (const rule of rules) if (rule.kind === "metric") this.#lookAt(rule, stored.get(rule.name)!, nowMs);
  }

  #lookAt(rule: MetricRule, stored: StoredRule, nowMs: number): void {
    const { store, sinks } = this.#options;
    const before = store.states(rule.name).get(NO_KEY);
    const lookedMs = this.#lookedMs.get(rule.name) ?? stored.throughMs;
    const { state, change, value } = evaluateMetric(rule, this.#history, { before, lookedMs, nowMs });
    this.#lookedMs.set(rule.name, nowMs);
    if (state === undefined && before === undefined) return;
    store.transaction(() => {
      store.saveRule({ ...stored, throughMs: nowMs });
      store.saveStates(rule.name, new Map(state === undefined ? [] : [[NO_KEY, state]]));
      if (change !== "firing" && change !== "resolved") return;
      const about = { change, keyText: NO_KEY, key: {}, atMs: nowMs, state: (state ?? before)!, value };
      store.record(notification(rule, about, this.#teller), sinkNames(sinks), nowMs);
    });
    this.#changed();
  }

  /** Rules that are new begin now; alerts of rules that are gone or others are resolved. */
  #adopt(rules: readonly AlertRule[]): void {
    const { store, sinks, clock, closedBeforeMs } = this.#options;
    const stored = store.rules();
    const isFirst = stored.length === 0;
    store.transaction(() => {
      for (const known of stored) {
        const rule = rules.find(({ name }) => name === known.name);
        if (rule !== undefined && definitionOf(rule) === known.definition) continue;
        const old = JSON.parse(known.definition) as AlertRule;
        for (const [keyText, state] of store.states(known.name)) {
          if (state.phase !== "firing") continue;
          const atMs = old.kind === "query" ? (known.throughMs ?? 0) : clock.nowMs();
          const key = this.#keyOf(old, keyText);
          const about = { change: "resolved" as const, keyText, key, atMs, state, value: state.value };
          const told = notification(old, { ...about, reason: "rule_changed" }, this.#teller);
          store.record(told, sinkNames(sinks), clock.nowMs());
        }
        store.dropRule(known.name);
      }
      const kept = new Set(store.rules().map(({ name }) => name));
      for (const rule of rules) {
        if (kept.has(rule.name)) continue;
        const beginsAfterMs = isFirst ? store.begunAfterMs : closedBeforeMs;
        const throughMs = rule.kind === "query" ? beginsAfterMs : null;
        store.saveRule({ name: rule.name, definition: definitionOf(rule), fromMs: null, throughMs });
      }
    });
  }

  #keyOf(rule: AlertRule, text: string): Readonly<Record<string, string>> {
    if (rule.kind === "metric") return {};
    const query = this.#options.watched.get(rule.query);
    return query === undefined ? { ...rule.where } : keyOf(rule, query, text);
  }

  get #teller(): { source: string; topic: string } {
    return { source: this.#options.store.source, topic: this.#options.topic };
  }

  #changed(): void {
    for (const each of this.#deliveries) each.wake();
    this.#tellStatus();
  }

  #tellStatus(): void {
    const { store, rules, watched, onStatus } = this.#options;
    const status = alertsStatus(store, rules, watched);
    const told = JSON.stringify(status);
    if (told === this.#told) return;
    this.#told = told;
    onStatus(status);
  }
}

/** Of rules that have one alert alone. */
const NO_KEY = "[]";

const sinkNames = (sinks: readonly AlertSink[]): string[] => sinks.map(({ name }) => name);

/** What makes a rule another one: all but what is only told. */
function definitionOf(rule: AlertRule): string {
  return JSON.stringify({ ...rule, note: null, severity: "warning" } satisfies AlertRule);
}
