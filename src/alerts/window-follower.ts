import type { Clock } from "../core/clock.ts";
import type { QueryPlan } from "../queries/plan.ts";
import type { AlertStore, StoredRule } from "./alert-store.ts";
import { notification } from "./notification.ts";
import { keyOf, type Watchable, watchedQuery, windowValues } from "./row-values.ts";
import type { QueryRule } from "./rule.ts";
import type { AlertSink } from "./sink.ts";
import { type WindowChange, WindowRule } from "./window-rule.ts";

/** Reads final windows that start in [fromMs, toMs), ascending, those without rows left out. */
export interface FinalWindowSource {
  between(
    plan: QueryPlan,
    starts: { fromMs: number | null; toMs: number },
  ): AsyncIterable<{ startMs: number; text: string }>;
}

/** What following works with. */
export interface FollowerOptions {
  store: AlertStore;
  rules: readonly QueryRule[];
  watched: ReadonlyMap<string, Watchable>;
  windows: FinalWindowSource;
  sinks: readonly AlertSink[];
  clock: Clock;
  topic: string;
  onProblem(message: string): void;
  /** Something was committed. */
  onChanges(): void;
}

/** Windows of one transaction: some ms of work, one sync of the disk. */
const CHUNK_WINDOWS = 100;
/** Following takes a third of a core at most while an engine catches up beside it. */
const REST_FACTOR = 2;

/**
 * Evaluates rules over the windows of an output tree, in their order. How far a rule has come is committed with what
 * changed on the way, so that after a crash each window is evaluated once.
 */
export class WindowFollower {
  readonly #options: FollowerOptions;
  readonly #warned = new Set<string>();

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** Takes up what became final through a moment; ends early when the signal aborts. */
  async follow(closedThroughMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { store, rules, watched } = this.#options;
    const stored = new Map(store.rules().map((rule) => [rule.name, rule]));
    const together = Map.groupBy(rules, ({ name, query }) =>
      JSON.stringify([query, stored.get(name)?.throughMs, isNew(stored.get(name)) ? name : ""]),
    );
    for (const group of together.values()) {
      const [first] = group as [QueryRule];
      const query = watched.get(first.query)!;
      const throughMs = lastEndMs(closedThroughMs, query);
      const progress = stored.get(first.name)!;
      if (isNew(progress)) await this.#learn(first, query, progress);
      await this.#followGroup(group, query, { afterMs: progress.throughMs, throughMs, signal });
    }
  }

  /** What a rule that begins now compares later windows with. */
  async #learn(rule: QueryRule, query: Watchable, progress: StoredRule): Promise<void> {
    const { store, windows } = this.#options;
    const throughMs = lastEndMs(progress.throughMs!, query);
    const againstMs = "againstMs" in rule.condition ? rule.condition.againstMs : 0;
    const known: { startMs: number; text: string }[] = [];
    if (againstMs > 0) {
      const starts = startsOf(query, { afterMs: throughMs - againstMs, throughMs });
      for await (const window of windows.between(query.plan, starts)) known.push(window);
    }
    store.transaction(() => {
      const memory = { fromMs: null, throughMs, states: new Map() };
      const learnt = new WindowRule(rule, watchedQuery(rule, query), memory, store.past(rule.name));
      for (const window of known) learnt.remember(windowValues(rule, query, window));
      const fromMs = learnt.progress.fromMs ?? throughMs + query.lengths.slideMs;
      store.saveRule({ ...progress, fromMs, throughMs });
    });
  }

  async #followGroup(
    rules: readonly QueryRule[],
    query: Watchable,
    stretch: { afterMs: number | null; throughMs: number; signal: AbortSignal | undefined },
  ): Promise<void> {
    const { windows, clock } = this.#options;
    if (stretch.afterMs !== null && stretch.throughMs <= stretch.afterMs) return;
    let chunk: { startMs: number; text: string }[] = [];
    let fromMs = clock.monotonicMs();
    for await (const window of windows.between(query.plan, startsOf(query, stretch))) {
      if (stretch.signal?.aborted) return;
      chunk.push(window);
      if (chunk.length < CHUNK_WINDOWS) continue;
      this.#evaluate(rules, query, chunk, window.startMs + query.lengths.sizeMs);
      chunk = [];
      if (stretch.signal !== undefined) {
        await clock.sleep((clock.monotonicMs() - fromMs) * REST_FACTOR, stretch.signal);
      }
      fromMs = clock.monotonicMs();
    }
    this.#evaluate(rules, query, chunk, stretch.throughMs);
  }

  /** One transaction: the windows, what they changed, and how far the rules have come. */
  #evaluate(
    rules: readonly QueryRule[],
    query: Watchable,
    windows: readonly { startMs: number; text: string }[],
    throughMs: number,
  ): void {
    const { store, clock, sinks, topic, onChanges } = this.#options;
    const sinkNames = sinks.map(({ name }) => name);
    const teller = { source: store.source, topic };
    store.transaction(() => {
      const stored = new Map(store.rules().map((rule) => [rule.name, rule]));
      for (const rule of rules) {
        const before = stored.get(rule.name)!;
        const progress = {
          fromMs: before.fromMs,
          throughMs: before.throughMs,
          states: store.states(rule.name),
        };
        const evaluated = new WindowRule(rule, watchedQuery(rule, query), progress, store.past(rule.name));
        const changes = evaluated.evaluate(
          windows.map((window) => windowValues(rule, query, window)),
          throughMs,
        );
        store.saveStates(rule.name, progress.states);
        store.saveRule({ ...before, fromMs: progress.fromMs, throughMs: progress.throughMs });
        for (const change of changes) {
          const told = toldChange(rule, query, change);
          if (told !== undefined) store.record(notification(rule, told, teller), sinkNames, clock.nowMs());
        }
        if (evaluated.suppressed > 0) this.#warnOnce(rule.name);
      }
    });
    onChanges();
  }

  #warnOnce(rule: string): void {
    if (this.#warned.has(rule)) return;
    this.#warned.add(rule);
    this.#options.onProblem(
      `the alert rule ${rule} holds for more keys than it tells of at once; narrow it with "where"`,
    );
  }
}

/** A rule that has a beginning behind final windows and has not looked at what is before it. */
function isNew(stored: StoredRule | undefined): boolean {
  return stored !== undefined && stored.fromMs === null && stored.throughMs !== null;
}

function toldChange(
  rule: QueryRule,
  query: Watchable,
  { key: keyText, change, atMs, state, value }: WindowChange,
): Parameters<typeof notification>[1] | undefined {
  if (change !== "firing" && change !== "resolved") return undefined;
  return { change, keyText, key: keyOf(rule, query, keyText), atMs, state, value };
}

/** The end of the last window of the query that ends at or before a moment. */
function lastEndMs(throughMs: number, { lengths }: Watchable): number {
  return Math.floor(throughMs / lengths.slideMs) * lengths.slideMs;
}

/** Windows that end in (afterMs, throughMs]. */
function startsOf(
  { lengths }: Watchable,
  { afterMs, throughMs }: { afterMs: number | null; throughMs: number },
): { fromMs: number | null; toMs: number } {
  const { sizeMs } = lengths;
  return { fromMs: afterMs === null ? null : afterMs - sizeMs + 1, toMs: throughMs - sizeMs + 1 };
}
