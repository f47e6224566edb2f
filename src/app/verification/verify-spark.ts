import { SparkOracle, type SparkQuery } from "../../oracle/spark-oracle.ts";
import type { QueryPlan } from "../../queries/plan.ts";
import type { Manifest } from "../../sinks/manifest.ts";
import { readTimeline } from "../../sinks/spark-batches.ts";
import { committedOutput } from "../../sinks/spark-files.ts";
import { compareRows } from "./compare-rows.ts";
import { type PartitionRange, type ReadPartition, recompute } from "./recompute.ts";
import { sparkRows } from "./spark-rows.ts";
import { type OutputDifference, SHOWN_DIFFERENCES, type Verification } from "./verify-output.ts";

/** What a tree of Spark's is verified by. */
export interface SparkSubject {
  readonly queries: readonly SparkQuery[];
  /** What has to be read of the topic. */
  readonly ranges: readonly PartitionRange[];
}

/** As for the embedded engine, without its accounting, but with what Spark's watermark dropped. */
export interface SparkVerification extends Verification {
  /** By query, events that were dropped because their pane was final. */
  readonly dropped: ReadonlyMap<string, number>;
}

/** Reads from the checkpoints which batches read what under which watermark. */
export async function sparkSubject(output: string, manifest: Manifest): Promise<SparkSubject> {
  const queries: SparkQuery[] = [];
  const ranges = new Map<number, PartitionRange>();
  for (const plan of manifest.queries) {
    const timeline = await readTimeline(output, plan.name);
    const { lastBatch = -1 } = await committedOutput(output, plan.name);
    queries.push({ plan, timeline, lastBatch });
    for (const [name, to] of Object.entries(timeline.batches[lastBatch]?.ends ?? {})) {
      const partition = Number(name);
      const from = timeline.starts[name] ?? 0;
      const known = ranges.get(partition) ?? { partition, from, to };
      ranges.set(partition, { partition, from: Math.min(known.from, from), to: Math.max(known.to, to) });
    }
  }
  return { queries, ranges: [...ranges.values()] };
}

/** Computes every final window of a tree of Spark's again from the topic, events that were dropped as late included. */
export async function verifySparkOutput(
  output: string,
  manifest: Manifest,
  { queries, ranges }: SparkSubject,
  readPartition: ReadPartition,
  onProgress: (recordsRead: number) => void = () => {},
): Promise<SparkVerification> {
  const found = new Map<string, Map<string, string>>();
  for (const { plan } of queries) found.set(plan.name, await sparkRows(output, plan));
  const counts = { rows: 0, agreeing: 0, differing: 0 };
  const differences: OutputDifference[] = [];
  const windows = new Set<string>();
  const compare = (plan: QueryPlan, window: string, expected: string, rows: string | undefined): void => {
    const compared = compareRows(plan, expected, rows);
    counts.rows += compared.rows;
    counts.agreeing += compared.agreeing;
    counts.differing += compared.differences.length;
    const shown = compared.differences.slice(0, SHOWN_DIFFERENCES - differences.length);
    differences.push(...shown.map((difference) => ({ query: plan.name, window, ...difference })));
  };
  const plans = new Map(queries.map(({ plan }) => [plan.name, plan]));
  const oracle = new SparkOracle(
    manifest,
    queries,
    ranges.map(({ partition }) => partition),
  );
  await recompute(oracle, ranges, readPartition, onProgress, ({ query, windowStartMs, rows }) => {
    const window = new Date(windowStartMs).toISOString();
    const plan = plans.get(query) as QueryPlan;
    const { sizeMs, slideMs } = plan.windows ?? manifest.windows;
    windows.add(`${windowStartMs}/${sizeMs}/${slideMs}`);
    compare(plan, window, rows, found.get(query)?.get(window));
    found.get(query)?.delete(window);
  });
  for (const { plan } of queries) {
    for (const [window, rows] of found.get(plan.name) ?? []) compare(plan, window, "", rows);
  }
  return {
    windows: windows.size,
    ...counts,
    differences,
    droppedWindows: 0,
    keptFrom: {},
    accountingDifferences: [],
    dropped: oracle.dropped(),
  };
}
