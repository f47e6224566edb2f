import type { Random } from "../../src/core/random.ts";
import { arrivalsQuery } from "../../src/queries/arrivals.ts";
import type { QueryPlan, WindowLengths } from "../../src/queries/plan.ts";
import { count, countDistinct, max, min, query, sum, timeSpan } from "../../src/queries/query.ts";
import { sessionQueries } from "../../src/queries/sessions.ts";
import { STANDARD_QUERIES } from "../../src/queries/standard.ts";
import { SMALL_WINDOWS } from "./random-log.ts";

/** The standard queries and two as a user would declare it. */
export const SIMULATED_QUERIES: readonly QueryPlan[] = [
  ...STANDARD_QUERIES,
  query("browser_urls", {
    by: ["browser", "url"],
    measures: {
      sessions: countDistinct("session_id"),
      stay_seconds: timeSpan("user_id"),
      longest_stay_seconds: timeSpan("user_id", "longest"),
      events: count(),
    },
  }),
  query("browser_amounts", {
    by: ["browser"],
    measures: { total: sum("amount"), least: min("amount"), greatest: max("amount") },
  }),
];

const tumbling = (seconds: number): WindowLengths => ({ sizeMs: seconds * 1_000, slideMs: seconds * 1_000 });

/** Beside the 5 s that slide by 1 of the pipeline: from one slide to a day, which holds the whole story but midnight. */
const WINDOWS: readonly WindowLengths[] = [
  tumbling(1),
  tumbling(2),
  tumbling(7),
  tumbling(60),
  tumbling(3_600),
  tumbling(86_400),
  { sizeMs: 3_000, slideMs: 1_000 },
  { sizeMs: 4_000, slideMs: 2_000 },
  { sizeMs: 10_000, slideMs: 2_000 },
  { sizeMs: 45_000, slideMs: 9_000 },
  { sizeMs: 5_000, slideMs: 1_000 },
];

/** Gaps of sessions: shorter than slides, as long, longer. */
const GAPS_MS = [1_000, 1_001, 2_500, 6_000, 30_000];
/** Windows of transitions: the pipeline's, some whose slides are cut into panes. */
const TRANSITION_WINDOWS: readonly WindowLengths[] = [
  SMALL_WINDOWS,
  tumbling(4),
  { sizeMs: 12_000, slideMs: 6_000 },
];

/** Of what became of all records: shorter than windows that count events, as long, longer. */
const ARRIVAL_SIZES_MS = [1_000, 5_000, 60_000];

/** Those queries with up to three window settings beside the pipeline's, and sessions, at random. */
export function simulatedQueries(random: Random): readonly QueryPlan[] {
  const settings = Array.from({ length: random.below(4) }, () => WINDOWS[random.below(WINDOWS.length)]);
  const plans = SIMULATED_QUERIES.map((plan) => {
    const windows = settings[random.below(settings.length + 1)];
    return windows === undefined ? plan : { ...plan, windows };
  });
  if (random.below(2) === 0)
    plans.push(arrivalsQuery({ sizeMs: oneOf(random, ARRIVAL_SIZES_MS), slideMs: 1_000 }));
  if (random.below(3) === 0) return plans;
  const windows = oneOf(random, TRANSITION_WINDOWS);
  const ofSessions = sessionQueries(oneOf(random, GAPS_MS), windows);
  return [...plans, ...ofSessions.map((plan) => ({ windows, ...plan }))];
}

function oneOf<T>(random: Random, choices: readonly T[]): T {
  return choices[random.below(choices.length)] as T;
}
