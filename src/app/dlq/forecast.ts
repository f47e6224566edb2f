import { watermarkOf } from "../../engines/embedded/partition-ledger.ts";
import { judge } from "../../events/judge.ts";
import { countingWindowsOf } from "../../queries/window-lengths.ts";
import type { Manifest } from "../../sinks/manifest.ts";
import { firstOpenEnd, LATE, paneStart } from "../../windows/panes.ts";

/** What would become of a value if it were sent now. */
export type Fate = "counted" | "late" | { dead: string };

/**
 * What an engine with this manifest would make of a value in a partition, as of the manifest's last commit: watermarks
 * only go on from there, so an event that is late here is late there.
 */
export function forecast(
  manifest: Manifest,
  { value, partition, nowMs }: { value: Uint8Array | null; partition: number; nowMs: number },
): Fate {
  const { rules, queries, windows, partitions, closedThroughMs } = manifest;
  const verdict = judge(value, rules);
  if ("reason" in verdict) return { dead: verdict.reason };
  const { timeMs } = verdict.event;
  if (timeMs > nowMs + windows.maxAheadMs) return { dead: "from_the_future" };
  const known = partitions.find((candidate) => candidate.partition === partition);
  const watermarkMs =
    known === undefined ? (closedThroughMs ?? Number.NEGATIVE_INFINITY) : watermarkOf(known, windows.delayMs);
  const isCounted = queries.some((query) => {
    if (query.arrivals) return false;
    const own = countingWindowsOf(query, windows);
    return firstOpenEnd(paneStart(timeMs, own.slideMs), watermarkMs, own) !== LATE;
  });
  return isCounted ? "counted" : "late";
}
