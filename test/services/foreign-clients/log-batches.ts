import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type BatchHeader, batchEnd, readBatchHeader } from "../../../src/kafka/record-batch.ts";

/** A record batch as a broker keeps it. */
export interface LogBatch extends BatchHeader {
  bytes: Buffer;
  /** The segment, and where in it the batch starts. */
  file: string;
  start: number;
}

/** Every batch in the log segments of a topic of the broker whose folder is `dir`, by what is on its disk. */
export function logBatches(dir: string, topic: string): LogBatch[] {
  return logFiles(dir, topic).flatMap((file) => {
    const bytes = readFileSync(file);
    const batches: LogBatch[] = [];
    for (let start = 0, end = 0; ; start = end) {
      end = batchEnd(bytes, start, bytes.length);
      if (end < 0) return batches;
      const header = readBatchHeader(bytes, start, end);
      batches.push({ ...header, bytes: bytes.subarray(start, end), file, start });
    }
  });
}

/** Paths of a topic's log segments, those of each partition in order. */
export function logFiles(dir: string, topic: string): string[] {
  return globSync(`node-1/data/${topic}-[0-9]*/*.log`, { cwd: dir })
    .sort()
    .map((file) => join(dir, file));
}
