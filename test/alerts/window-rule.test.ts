import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PastInMemory } from "../../src/alerts/past-values.ts";
import type { QueryRule, WindowCondition } from "../../src/alerts/rule.ts";
import {
  MAX_ALERTS_A_RULE,
  type WatchedQuery,
  type WindowChange,
  WindowRule,
  type WindowValues,
} from "../../src/alerts/window-rule.ts";

const SLIDE_MS = 10;

function ruleOf(condition: WindowCondition, forMs: number): QueryRule {
  const told = { name: "rule", severity: "warning", note: null, forMs } as const;
  return { ...told, kind: "query", query: "pages", where: {}, measure: "events", condition };
}

const condition: fc.Arbitrary<WindowCondition> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("above" as const, "below" as const),
    limit: fc.integer({ min: 0, max: 6 }),
  }),
  fc.record({
    kind: fc.constantFrom("rises" as const, "falls" as const),
    by: fc.constantFrom(0.25, 0.5, 1),
    againstMs: fc.integer({ min: 1, max: 8 }).map((slides) => slides * SLIDE_MS),
    least: fc.integer({ min: 1, max: 4 }),
  }),
  fc.constant({ kind: "noData" as const }),
);

/** Windows with rows, by the number of their end; gaps between them may be long. */
const history = fc
  .array(
    fc.record({
      after: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.integer({ min: 1, max: 60 })),
      values: fc.dictionary(fc.constantFrom('["a"]', '["b"]', '["c"]'), fc.integer({ min: 0, max: 9 }), {
        minKeys: 1,
      }),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((windows) => {
    let number = 0;
    return windows.map(({ after, values }): WindowValues => {
      number += after;
      return { endMs: number * SLIDE_MS, values: new Map(Object.entries(values)) };
    });
  });

/** Every window one by one, each key on its own, from the whole history: no state, no bounds, no short cuts. */
function plainly(
  { condition: wanted, forMs }: QueryRule,
  { onlyKey, absent }: WatchedQuery,
  windows: readonly WindowValues[],
  throughMs: number,
): string[] {
  const byEnd = new Map(windows.map(({ endMs, values }) => [endMs, values]));
  const firstMs = windows[0]!.endMs;
  const keys = wanted.kind === "noData" ? ["[]"] : onlyKey === null ? ['["a"]', '["b"]', '["c"]'] : [onlyKey];
  const changes: string[] = [];
  for (const key of keys) {
    let sinceMs: number | undefined;
    let fires = false;
    for (let endMs = firstMs; endMs <= throughMs; endMs += SLIDE_MS) {
      const values = byEnd.get(endMs) ?? new Map<string, number>();
      const value = values.get(key) ?? absent;
      const isWatched = onlyKey !== null || values.has(key) || sinceMs !== undefined;
      const againstMs = "againstMs" in wanted ? wanted.againstMs : 0;
      const was = byEnd.get(endMs - againstMs)?.get(key) ?? 0;
      const isKnown = endMs - againstMs >= firstMs;
      const holds = {
        noData: () => values.size === 0,
        above: () => isWatched && value !== null && value > (wanted as { limit: number }).limit,
        below: () => isWatched && value !== null && value < (wanted as { limit: number }).limit,
        rises: () => {
          const { by, least } = wanted as { by: number; least: number };
          return isKnown && value !== null && value >= (1 + by) * Math.max(was, least);
        },
        falls: () => {
          const { by, least } = wanted as { by: number; least: number };
          return isKnown && value !== null && was >= least && value <= (1 - by) * was;
        },
      }[wanted.kind]();
      if (!holds) {
        if (fires) changes.push(`${endMs} ${key} resolved`);
        fires = false;
        sinceMs = undefined;
        continue;
      }
      sinceMs ??= endMs;
      if (!fires && endMs - sinceMs >= forMs) {
        fires = true;
        changes.push(`${endMs} ${key} firing`);
      }
    }
  }
  return changes.sort();
}

const told = (changes: readonly WindowChange[]): string[] =>
  changes
    .filter(({ change }) => change === "firing" || change === "resolved")
    .map(({ atMs, key, change }) => `${atMs} ${key} ${change}`)
    .sort();

test("windows make the same changes however they are cut, as a plain reading of the whole history says", () => {
  let fired = 0;
  fc.assert(
    fc.property(
      history,
      condition,
      fc.integer({ min: 0, max: 6 }),
      fc.constantFrom(null, '["a"]'),
      fc.constantFrom<0 | null>(0, null),
      fc.integer({ min: 0, max: 100 }),
      fc.infiniteStream(fc.boolean()),
      (windows, wanted, forSlides, onlyKey, absent, tail, cuts) => {
        const rule = ruleOf(wanted, forSlides * SLIDE_MS);
        const query: WatchedQuery = { slideMs: SLIDE_MS, onlyKey, absent };
        const ofKey = onlyKey === null ? windows : windows.map((window) => only(onlyKey, window));
        const throughMs = windows.at(-1)!.endMs + tail * SLIDE_MS;
        const progress = { fromMs: null, throughMs: null, states: new Map() };
        const past = new PastInMemory();
        const changes: WindowChange[] = [];
        let chunk: WindowValues[] = [];
        for (const window of ofKey) {
          chunk.push(window);
          if (!cuts.next().value) continue;
          // A rule of its own for each stretch: all that it knows is what is kept.
          changes.push(...new WindowRule(rule, query, progress, past).evaluate(chunk, window.endMs));
          chunk = [];
        }
        changes.push(...new WindowRule(rule, query, progress, past).evaluate(chunk, throughMs));
        const expected = plainly(rule, query, ofKey, throughMs);
        assert.deepEqual(told(changes), expected);
        assert.equal(progress.throughMs, throughMs);
        fired += expected.length;
      },
    ),
    { numRuns: 2_000 },
  );
  assert(fired > 1_000, `the histories hardly make anything fire: ${fired}`);
});

function only(key: string, { endMs, values }: WindowValues): WindowValues {
  return { endMs, values: new Map([...values].filter(([each]) => each === key)) };
}

test("years without rows take no longer than an hour without", () => {
  const rule = ruleOf({ kind: "noData" }, 30);
  const progress = { fromMs: null, throughMs: null, states: new Map() };
  const query: WatchedQuery = { slideMs: SLIDE_MS, onlyKey: "[]", absent: 0 };
  const evaluated = new WindowRule(rule, query, progress, new PastInMemory());
  const one = new Map([["[]", 1]]);
  const changes = evaluated.evaluate(
    [
      { endMs: SLIDE_MS, values: one },
      { endMs: 1e15, values: one },
    ],
    1e15,
  );
  assert.deepEqual(told(changes), [`${1e15} [] resolved`, `${5 * SLIDE_MS} [] firing`]);
});

test("a rule tells of a bounded number of keys at once", () => {
  const rule = ruleOf({ kind: "above", limit: 0 }, 0);
  const progress = { fromMs: null, throughMs: null, states: new Map() };
  const query: WatchedQuery = { slideMs: SLIDE_MS, onlyKey: null, absent: 0 };
  const evaluated = new WindowRule(rule, query, progress, new PastInMemory());
  const many = new Map(Array.from({ length: 500 }, (_, n) => [JSON.stringify([`k${n}`]), 1]));
  const changes = evaluated.evaluate([{ endMs: SLIDE_MS, values: many }], SLIDE_MS);
  assert.equal(told(changes).length, MAX_ALERTS_A_RULE);
  assert.equal(evaluated.suppressed, 500 - MAX_ALERTS_A_RULE);
});

test("what came before a rule began is compared with, and changes nothing", () => {
  const rule = ruleOf({ kind: "falls", by: 0.5, againstMs: 2 * SLIDE_MS, least: 1 }, 0);
  const progress = { fromMs: null, throughMs: null, states: new Map() };
  const query: WatchedQuery = { slideMs: SLIDE_MS, onlyKey: "[]", absent: 0 };
  const evaluated = new WindowRule(rule, query, progress, new PastInMemory());
  const value = (number: number) => new Map([["[]", number]]);
  evaluated.remember({ endMs: 10, values: value(8) });
  evaluated.remember({ endMs: 20, values: value(8) });
  assert.deepEqual(told(evaluated.evaluate([{ endMs: 30, values: value(4) }], 40)), ["30 [] firing"]);
});
