import { HttpProblem } from "./problems.ts";
import type { History, Stretch } from "./sources.ts";

const DEFAULT_STRETCH_MS = 3_600_000;

/** A stretch of windows as a request names it: either end may be left out. */
export interface AskedStretch {
  from?: number | undefined;
  to?: number | undefined;
}

/** The stretch that is meant: up to the last window of the query, and an hour long, unless told. @throws HttpProblem */
export async function stretchOf(
  { from, to }: AskedStretch,
  query: string,
  history: History,
): Promise<Stretch> {
  const toMs = to ?? ((await history.lastStartMs(query)) ?? 0) + 1;
  const fromMs = from ?? Math.max(0, toMs - DEFAULT_STRETCH_MS);
  if (fromMs > toMs) {
    throw new HttpProblem("BAD_PARAMETER", "from: it is after to", [
      { name: "from", problem: "it is after to" },
    ]);
  }
  return { fromMs, toMs };
}
