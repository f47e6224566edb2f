import { type AlertState, advance, type ChangeKind } from "./lifecycle.ts";
import type { PastValues } from "./past-values.ts";
import type { QueryRule } from "./rule.ts";

/** Rows of one final window as a rule sees them. A window without rows that it watches has no values. */
export interface WindowValues {
  readonly endMs: number;
  /** The measure by key (`keyText`), of the rows that `where` leaves; with `noData` any number stands for a row. */
  readonly values: ReadonlyMap<string, number>;
}

/** What one alert of a rule came to in a window. */
export interface WindowChange {
  readonly key: string;
  readonly change: ChangeKind;
  readonly atMs: number;
  /** Behind the change; for `resolved` and `cleared` before it. */
  readonly state: AlertState;
  readonly value: number | null;
}

/** How far a rule has come. Times are ends of windows, ms since the epoch. */
export interface RuleProgress {
  /** The first window whose values are known; null before it. */
  fromMs: number | null;
  /** Every window that ends at or before it has been evaluated; null before the first. */
  throughMs: number | null;
  /** Alerts that are pending or firing, by key. */
  readonly states: Map<string, AlertState>;
}

/** What a rule needs to know of the query that it watches. */
export interface WatchedQuery {
  readonly slideMs: number;
  /** The only key there can be; null when each row is an alert of its own. */
  readonly onlyKey: string | null;
  /** What a key without a row has: 0 of counts, sums and seconds, nothing of minima and maxima. */
  readonly absent: 0 | null;
}

/** A rule tells of so many keys at once; what comes beyond waits until some are resolved. */
export const MAX_ALERTS_A_RULE = 100;
const NO_VALUES: ReadonlyMap<string, number> = new Map();

/**
 * Evaluates a rule window by window, in the order of their ends: a function of the windows alone, however they are cut
 * in calls. Bound: some µs a row of the windows, and one step for each window without rows.
 */
export class WindowRule {
  /** Keys for which the condition held but which were beyond MAX_ALERTS_A_RULE. */
  suppressed = 0;
  readonly progress: RuleProgress;
  readonly #rule: QueryRule;
  readonly #query: WatchedQuery;
  readonly #past: PastValues;
  readonly #againstMs: number;

  constructor(rule: QueryRule, query: WatchedQuery, progress: RuleProgress, past: PastValues) {
    this.#rule = rule;
    this.#query = query;
    this.progress = progress;
    this.#past = past;
    this.#againstMs = "againstMs" in rule.condition ? rule.condition.againstMs : 0;
  }

  /**
   * Takes the windows with rows that end in (through, `throughMs`], ascending, and through that moment those without.
   * Before the first window with rows there is nothing to evaluate.
   */
  evaluate(windows: Iterable<WindowValues>, throughMs: number): WindowChange[] {
    const changes: WindowChange[] = [];
    for (const window of windows) {
      this.#passEmpty(window.endMs, changes);
      this.#window(window, changes);
    }
    const { slideMs } = this.#query;
    this.#passEmpty(Math.floor(throughMs / slideMs) * slideMs + slideMs, changes);
    return changes;
  }

  /** Remembers what later windows are compared with, and evaluates nothing. */
  remember({ endMs, values }: WindowValues): void {
    const { progress } = this;
    progress.fromMs ??= endMs;
    progress.throughMs = endMs;
    this.#keep(endMs, values);
  }

  /** The windows without rows before one that has some. After a while of nothing, more of it changes nothing. */
  #passEmpty(untilMs: number, changes: WindowChange[]): void {
    const { progress } = this;
    if (progress.throughMs === null) return;
    const { slideMs } = this.#query;
    const enough = Math.ceil((this.#rule.forMs + this.#againstMs) / slideMs) + 2;
    const count = (untilMs - progress.throughMs) / slideMs - 1;
    for (let window = 0; window < Math.min(count, enough); window++) {
      this.#window({ endMs: progress.throughMs + slideMs, values: NO_VALUES }, changes);
    }
    progress.throughMs = Math.max(progress.throughMs, untilMs - slideMs);
  }

  #window({ endMs, values }: WindowValues, changes: WindowChange[]): void {
    const { progress } = this;
    progress.fromMs ??= endMs;
    for (const [key, value, holds] of this.#looks(endMs, values)) {
      const before = progress.states.get(key);
      if (before === undefined && holds && progress.states.size >= MAX_ALERTS_A_RULE) {
        this.suppressed++;
        continue;
      }
      const { state, change } = advance(before, { timeMs: endMs, value, holds }, this.#rule.forMs);
      if (state === undefined) progress.states.delete(key);
      else progress.states.set(key, state);
      if (change !== undefined) changes.push({ key, change, atMs: endMs, state: (state ?? before)!, value });
    }
    this.#keep(endMs, values);
    progress.throughMs = endMs;
  }

  /** Every key that may change now, with its value and whether the condition holds; always in the same order. */
  *#looks(
    endMs: number,
    values: ReadonlyMap<string, number>,
  ): Generator<[key: string, value: number | null, holds: boolean]> {
    const { condition } = this.#rule;
    if (condition.kind === "noData") return yield ["[]", null, values.size === 0];
    const before = this.#valuesBefore(endMs);
    const { onlyKey, absent } = this.#query;
    const keys = new Set([...values.keys(), ...this.progress.states.keys(), ...(before?.keys() ?? [])]);
    for (const key of onlyKey === null ? [...keys].sort() : [onlyKey]) {
      const value = values.get(key) ?? absent;
      yield [key, value, value !== null && this.#holds(value, before, key)];
    }
  }

  #holds(value: number, before: ReadonlyMap<string, number> | undefined, key: string): boolean {
    const { condition } = this.#rule;
    switch (condition.kind) {
      case "above":
        return value > condition.limit;
      case "below":
        return value < condition.limit;
      case "rises":
        return (
          before !== undefined &&
          value >= (1 + condition.by) * Math.max(before.get(key) ?? 0, condition.least)
        );
      case "falls": {
        const was = before?.get(key) ?? 0;
        return was >= condition.least && was > 0 && value <= (1 - condition.by) * was;
      }
      case "noData":
        return false;
    }
  }

  /** Undefined where the window to compare with was before all that is known. */
  #valuesBefore(endMs: number): ReadonlyMap<string, number> | undefined {
    const { fromMs } = this.progress;
    if (this.#againstMs === 0 || fromMs === null || endMs - this.#againstMs < fromMs) return undefined;
    return this.#past.at(endMs - this.#againstMs);
  }

  /** Numbers below `least` are taken as `least`, or don't count: they need not be kept. */
  #keep(endMs: number, values: ReadonlyMap<string, number>): void {
    const { condition } = this.#rule;
    if (!("least" in condition)) return;
    const kept = [...values].filter(([, value]) => value >= condition.least);
    this.#past.put(endMs, new Map(kept));
    this.#past.dropBefore(endMs - this.#againstMs);
  }
}
