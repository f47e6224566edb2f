import assert from "node:assert/strict";
import { systemClock } from "../../src/core/clock.ts";
import type { ClickstreamError } from "../../src/core/errors.ts";
import { TopicReader, type TopicReaderOptions } from "../../src/kafka/topic-reader.ts";

/** A reader that keeps what it is told and checks the order of it. */
export interface Reading {
  reader: TopicReader;
  /** `partition/offset` → the value as text; null for a null value. */
  values: Map<string, string | null>;
  timestamps: number[];
  /** By partition. */
  positions: Map<number, number>;
  highWatermarks: Map<number, number>;
  caughtUp: { partition: number; sentAtMs: number; position: number; highWatermark: number }[];
  retries: string[];
  failure: ClickstreamError | undefined;
  /** Resolves when the condition holds, which is looked at after each call of the handler; rejects on failure. */
  until(condition: (reading: Reading) => boolean): Promise<void>;
}

/** Opens a reader whose batches must come without gap and repeat, and whose records must lie in their batches. */
export async function startReading(
  options: Omit<TopicReaderOptions, "handler" | "clock"> & { onBatch?: () => void },
): Promise<Reading> {
  const waiting = new Set<() => void>();
  const told = () => {
    for (const look of waiting) look();
  };
  const reading: Omit<Reading, "reader"> = {
    values: new Map(),
    timestamps: [],
    positions: new Map(options.assignments.map(({ partition, offset }) => [partition, offset])),
    highWatermarks: new Map(),
    caughtUp: [],
    retries: [],
    failure: undefined,
    until(condition) {
      return new Promise((resolve, reject) => {
        const look = () => {
          if (condition(complete)) resolve();
          else if (reading.failure !== undefined) reject(reading.failure);
          else return;
          waiting.delete(look);
        };
        waiting.add(look);
        look();
      });
    },
  };
  const reader = await TopicReader.open({
    ...options,
    clock: systemClock,
    onRetry: (reason) => reading.retries.push(reason),
    handler: {
      batch(partition, records, nextOffset) {
        let before = reading.positions.get(partition)! - 1;
        for (let row = 0; row < (records?.count ?? 0); row++) {
          const { bytes, offset, valueStart, valueEnd } = records!;
          assert(
            offset[row]! > before && offset[row]! < nextOffset,
            "records are in order and in their batch",
          );
          before = offset[row]!;
          reading.timestamps.push(records!.timestampMs[row]!);
          const start = valueStart[row]!;
          const value = start < 0 ? null : bytes.toString("utf8", start, valueEnd[row]);
          reading.values.set(`${partition}/${offset[row]}`, value);
        }
        assert(nextOffset > reading.positions.get(partition)!, "positions move forward");
        reading.positions.set(partition, nextOffset);
        options.onBatch?.();
        told();
      },
      caughtUp(partition, info) {
        assert.equal(info.position, reading.positions.get(partition));
        reading.caughtUp.push({ partition, ...info });
        told();
      },
      ends(partition, highWatermark) {
        reading.highWatermarks.set(partition, highWatermark);
      },
      failed(error) {
        reading.failure = error;
        told();
      },
    },
  });
  const complete: Reading = Object.assign(reading, { reader });
  return complete;
}
