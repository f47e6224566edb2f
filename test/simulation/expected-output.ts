import { type LogRecord, Oracle } from "../../src/oracle/oracle.ts";
import type { QueryPlan } from "../../src/queries/plan.ts";
import type { Accounting, Manifest } from "../../src/sinks/manifest.ts";
import type { RandomLog } from "./random-log.ts";
import { SIMULATED_QUERIES } from "./simulated-queries.ts";

/** What a pipeline with this manifest must have written: by `query/windowStartMs` the file's text, and the accounting. */
export interface ExpectedOutput {
  files: Map<string, string>;
  /** By partition. */
  accounting: Map<number, Accounting>;
}

/** Asks the oracle. Only records below the manifest's positions matter; their order across partitions does not. */
export function expectedOutput(log: { records: readonly LogRecord[] }, manifest: Manifest): ExpectedOutput {
  const oracle = new Oracle(manifest);
  for (const record of log.records) oracle.add(record);
  for (const { partition } of manifest.partitions) oracle.finish(partition);
  const files = oracle
    .takeComplete()
    .map(({ query: name, windowStartMs, rows }): [string, string] => [`${name}/${windowStartMs}`, rows]);
  return { files: new Map(files), accounting: oracle.accounting() };
}

/** The manifest of a run that read the whole log without ever flooring a partition, and then closed every window. */
export function finishedManifest(
  log: RandomLog,
  queries: readonly QueryPlan[] = SIMULATED_QUERIES,
): Manifest {
  const manifest: Manifest = {
    format: 1,
    engine: "embedded",
    topic: { name: "clickstream", id: "00000000-0000-4000-8000-000000000001" },
    windows: log.windows,
    rules: log.rules,
    queries,
    closedThroughMs: Number.MAX_SAFE_INTEGER,
    partitions: log.endOffsets.map((position, partition) => ({
      partition,
      startOffset: 0,
      position,
      greatestMs: null,
      floors: [],
      lost: [],
      read: 0,
      counted: 0,
      late: 0,
      dead: {},
    })),
  };
  const { files, accounting } = expectedOutput(log, manifest);
  const starts = [...files.keys()].map((key) => Number(key.slice(key.indexOf("/") + 1)));
  const closedThroughMs = starts.length === 0 ? null : Math.max(...starts) + log.windows.sizeMs;
  const floorsAt = (offset: number) =>
    closedThroughMs === null ? [] : [{ offset, floorMs: closedThroughMs }];
  return {
    ...manifest,
    closedThroughMs,
    partitions: manifest.partitions.map((partition) => ({
      ...partition,
      ...accounting.get(partition.partition),
      floors: floorsAt(partition.position),
    })),
  };
}
