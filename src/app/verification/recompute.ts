import { setImmediate as othersTurn } from "node:timers/promises";
import type { ExpectedWindow, LogRecord } from "../../oracle/oracle.ts";

/** The topic's records: batches in offset order, none outside [from, to). */
export type ReadPartition = (
  partition: number,
  from: number,
  to: number,
) => AsyncIterable<readonly LogRecord[]>;

/** Something that computes windows from records, partition by partition. */
export interface Recomputation {
  add(record: LogRecord): void;
  finish(partition: number): void;
  watermarkMs(partition: number): number;
  takeComplete(): Iterable<ExpectedWindow>;
}

/** Records [from, to) of a partition. */
export interface PartitionRange {
  partition: number;
  from: number;
  to: number;
}

/**
 * Reads all partitions, so that few windows are open at once, and hands out the windows as they are complete. `onProgress` is
 * called after each batch and each window, and ends all by throwing.
 */
export async function recompute(
  oracle: Recomputation,
  ranges: readonly PartitionRange[],
  readPartition: ReadPartition,
  onProgress: (recordsRead: number) => void,
  onWindow: (window: ExpectedWindow) => void | Promise<void>,
): Promise<void> {
  const unfinished = new Map(
    ranges.map(({ partition, from, to }) => [
      partition,
      readPartition(partition, from, to)[Symbol.asyncIterator](),
    ]),
  );
  let recordsRead = 0;
  try {
    while (unfinished.size > 0) {
      // The partition that is furthest behind in event time goes next.
      const [partition, batches] = [...unfinished].reduce((behind, candidate) =>
        oracle.watermarkMs(candidate[0]) < oracle.watermarkMs(behind[0]) ? candidate : behind,
      );
      const batch = await batches.next();
      if (batch.done) {
        oracle.finish(partition);
        unfinished.delete(partition);
      } else {
        for (const record of batch.value) oracle.add(record);
        recordsRead += batch.value.length;
        onProgress(recordsRead);
      }
      for (const window of oracle.takeComplete()) {
        await onWindow(window);
        await othersTurn(); // signals are heard, too, while a last batch makes minutes of windows final
        onProgress(recordsRead);
      }
    }
  } finally {
    for (const batches of unfinished.values()) await batches.return?.();
  }
}
