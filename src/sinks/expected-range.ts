/** What a value is expected to be between, both included, and from how many others that was told. */
export interface ExpectedRange {
  low: number;
  high: number;
}

/** A spread below this share of the median is taken as so much: values that never differ would else allow no other. */
const LEAST_SPREAD = 0.01;

/**
 * median ± factor × MAD of some values, at least `leastReach`; the MAD is the median distance from the median. Neither is
 * moved far by a few outliers, as mean and deviation are. Nothing lies below 0. At least one value is needed.
 */
export function expectedRange(
  values: readonly number[],
  { factor, leastReach = 0 }: { factor: number; leastReach?: number | undefined },
): ExpectedRange {
  const middle = median(values);
  const spread = median(values.map((value) => Math.abs(value - middle)));
  const reach = Math.max(leastReach, factor * Math.max(spread, LEAST_SPREAD * middle));
  return { low: Math.max(0, rounded(middle - reach)), high: rounded(middle + reach) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted.length >> 1;
  const above = sorted[upper] as number;
  return sorted.length % 2 === 1 ? above : ((sorted[upper - 1] as number) + above) / 2;
}

/** To six places, so that rows have no digits that only the arithmetic made. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
