/** @import { Sessions } from "../../sessions-contract.ts" */
import { formatDuration } from "../format/times.js";

/** @typedef {Sessions["lengths"][number]} Length */

/** "under 10 s", "10–30 s", "3–10 min", "1 h and more". @param {Length} length */
export function lengthWords({ fromSeconds, toSeconds }) {
  if (toSeconds === null) return `${formatDuration(fromSeconds * 1_000)} and more`;
  if (fromSeconds === 0) return `under ${formatDuration(toSeconds * 1_000)}`;
  const [size, unit] = toSeconds <= 60 ? [1, "s"] : toSeconds <= 3_600 ? [60, "min"] : [3_600, "h"];
  return `${fromSeconds / size}–${toSeconds / size} ${unit}`;
}
