import { PastInMemory } from "../../alerts/past-values.ts";
import { keyOf, type Watchable, watchables, watchedQuery, windowValues } from "../../alerts/row-values.ts";
import type { AlertRule, QueryRule } from "../../alerts/rule.ts";
import { type WindowChange, WindowRule } from "../../alerts/window-rule.ts";
import type { Clock } from "../../core/clock.ts";
import { ClickstreamError, UsageError } from "../../core/errors.ts";
import { FinalWindows } from "../../history/final-windows.ts";
import type { Manifest } from "../../sinks/manifest.ts";
import { readManifest } from "../../sinks/manifest-file.ts";
import { nearest } from "../config/nearest.ts";

/** What a replay is asked. Windows that end in (fromMs, toMs]; null for the first and the last. */
export interface RuleTest {
  rules: readonly AlertRule[];
  rule: string;
  output: string;
  fromMs: number | null;
  toMs: number | null;
}

/** Something that the rule would have come to. */
export interface TestedChange extends Pick<WindowChange, "change" | "atMs" | "value"> {
  key: Readonly<Record<string, string>>;
}

/** What a rule would have done. */
export interface RuleTestResult {
  rule: QueryRule;
  changes: TestedChange[];
  /** Windows with rows that were looked at. */
  windows: number;
  /** Through when windows of the output are final, ms; null for none. */
  closedThroughMs: number | null;
  /** Times it would have begun to fire. */
  fired: number;
  /** Alerts that would fire at the end. */
  firing: number;
}

const LIMITS = { memoryMb: 256, threads: 1 };

/**
 * Evaluates a rule over the final windows of an output, as it would have been while they became final. Sends nothing.
 * @throws UsageError for a rule that is unknown or watches no query, and for a stretch that has no time in it;
 * ClickstreamError MANIFEST_MISSING, and as the tree
 */
export async function testRule(asked: RuleTest, clock: Clock): Promise<RuleTestResult> {
  const rule = ruleOf(asked);
  if (asked.fromMs !== null && asked.toMs !== null && asked.fromMs >= asked.toMs) {
    throw new UsageError(
      "--from is not before --to.",
      "No window ends between them: exchange them, or leave one out.",
    );
  }
  const manifest = await manifestOf(asked.output);
  const query = watchableOf(rule, manifest);
  const closedMs = manifest.closedThroughMs ?? 0;
  const toMs = Math.min(asked.toMs ?? closedMs, closedMs);
  const { sizeMs } = query.lengths;
  const againstMs = "againstMs" in rule.condition ? rule.condition.againstMs : 0;
  const firstMs = asked.fromMs === null ? null : asked.fromMs - againstMs - sizeMs + 1;
  const progress = { fromMs: null, throughMs: null, states: new Map() };
  const evaluated = new WindowRule(rule, watchedQuery(rule, query), progress, new PastInMemory());
  using final = new FinalWindows(asked.output, clock, LIMITS);
  const changes: WindowChange[] = [];
  let windows = 0;
  for await (const window of final.between(query.plan, { fromMs: firstMs, toMs: toMs - sizeMs + 1 })) {
    const values = windowValues(rule, query, window);
    if (asked.fromMs !== null && values.endMs <= asked.fromMs) {
      evaluated.remember(values);
      continue;
    }
    windows++;
    changes.push(...evaluated.evaluate([values], values.endMs));
  }
  changes.push(...evaluated.evaluate([], toMs));
  return {
    rule,
    changes: changes.map(({ key, change, atMs, value }) => ({
      ...{ change, atMs, value },
      key: keyOf(rule, query, key),
    })),
    windows,
    closedThroughMs: manifest.closedThroughMs,
    fired: changes.filter(({ change }) => change === "firing").length,
    firing: [...evaluated.progress.states.values()].filter(({ phase }) => phase === "firing").length,
  };
}

function ruleOf({ rules, rule: name }: RuleTest): QueryRule {
  const rule = rules.find((known) => known.name === name);
  if (rule === undefined) {
    const guess = nearest(
      name,
      rules.map((known) => known.name),
    );
    throw new UsageError(
      `No alert rule is called ${name}.`,
      guess === undefined
        ? "clickstream alerts list shows all; give both --data-quality and --sessions as the output was begun."
        : `Did you mean ${guess}?`,
    );
  }
  if (rule.kind === "metric") {
    throw new UsageError(
      `The alert rule ${name} watches the pipeline itself, of which no history is kept.`,
      "Only rules over queries can be replayed: clickstream alerts list shows which.",
    );
  }
  return rule;
}

async function manifestOf(output: string): Promise<Manifest> {
  const manifest = await readManifest(output);
  if (manifest !== undefined) return manifest;
  throw new ClickstreamError({
    code: "MANIFEST_MISSING",
    message: `There is no manifest.json in ${output}, so nothing says which windows are final.`,
    nextStep: "Name the folder that process or run writes to, after its first commit.",
  });
}

function watchableOf(rule: QueryRule, { queries, windows }: Manifest): Watchable {
  const watched = watchables(queries, windows);
  const found = watched.get(rule.query);
  if (found !== undefined) return found;
  throw new UsageError(
    `This output has no query ${rule.query}, which the alert rule ${rule.name} watches.`,
    `It has ${[...watched.keys()].join(", ")}.`,
  );
}
