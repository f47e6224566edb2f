import type { FlushRequest } from "./flush.ts";
import type { PartitionLedger } from "./partition-ledger.ts";

type Floors = FlushRequest["floors"];

/**
 * Floors that would let windows close which only idle partitions hold open: the least watermark of the others or, when
 * all are idle, the greatest of all. None while no such window is open.
 */
export function idleFloors(
  { entries }: PartitionLedger,
  open: { lastEndBy(timeMs: number): number; holdsWindowBy(endMs: number): boolean },
): Floors {
  const awake = entries.filter(({ idle }) => !idle);
  const targetMs =
    awake.length > 0
      ? Math.min(...awake.map(({ watermarkMs }) => watermarkMs))
      : Math.max(...entries.map(({ watermarkMs }) => watermarkMs));
  const floorMs = open.lastEndBy(targetMs);
  if (!Number.isFinite(floorMs) || !open.holdsWindowBy(floorMs)) return [];
  return entries
    .filter(({ idle, watermarkMs }) => idle && watermarkMs < floorMs)
    .map(({ stored }) => ({ partition: stored.partition, floorMs }));
}

/** Floors that close every open window at the end of a bounded run. */
export function finalFloors({ entries }: PartitionLedger, lastEndMs: number): Floors {
  return entries
    .filter(({ watermarkMs }) => watermarkMs < lastEndMs)
    .map(({ stored }) => ({ partition: stored.partition, floorMs: lastEndMs }));
}
