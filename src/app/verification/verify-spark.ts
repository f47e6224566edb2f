import { SparkOracle, type SparkQuery } from "../../oracle/spark-oracle.ts";
import type { QueryPlan } from "../../queries/plan.ts";
import type { Manifest } from "../../sinks/manifest.ts";
import type { WindowRows } from "../../sinks/sink.ts";
import { readTimeline } from "../../sinks/spark-batches.ts";
import { committedOutput } from "../../sinks/spark-files.ts";
import { SparkWindows } from "../spark/spark-windows.ts";
import { compareRows } from "./compare-rows.ts";
import { type PartitionRange, type ReadPartition, recompute } from "./recompute.ts";
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

/**
 * Computes every final window of a tree of Spark's again from the topic, events that were dropped as late included. In
 * memory is about what two batches read and what one wrote of each query.
 */
export async function verifySparkOutput(
  output: string,
  manifest: Manifest,
  { queries, ranges }: SparkSubject,
  readPartition: ReadPartition,
  onProgress: (recordsRead: number) => void = () => {},
): Promise<SparkVerification> {
  const comparison = await SparkComparison.open(new SparkWindows(output, manifest), queries);
  const windows = new Set<string>();
  const partitions = ranges.map(({ partition }) => partition);
  const oracle = new SparkOracle(manifest, queries, partitions);
  const lengthsOf = new Map(queries.map(({ plan }) => [plan.name, plan.windows ?? manifest.windows]));
  await recompute(oracle, ranges, readPartition, onProgress, async ({ query, windowStartMs, rows }) => {
    const { sizeMs, slideMs } = lengthsOf.get(query) ?? manifest.windows;
    windows.add(`${windowStartMs}/${sizeMs}/${slideMs}`);
    await comparison.expect(query, windowStartMs, rows);
  });
  await comparison.expectNoMore();
  return {
    windows: windows.size,
    ...comparison.counts,
    differences: comparison.differences,
    droppedWindows: 0,
    keptFrom: {},
    accountingDifferences: [],
    dropped: oracle.dropped(),
  };
}

/** Compares what is expected with what the tree has, both in ascending order of windows. */
class SparkComparison {
  readonly counts = { rows: 0, agreeing: 0, differing: 0 };
  readonly differences: OutputDifference[] = [];
  readonly #found: ReadonlyMap<string, { plan: QueryPlan; windows: AsyncGenerator<WindowRows> }>;
  /** By query, the window that comes next; undefined behind the last. */
  readonly #next = new Map<string, WindowRows | undefined>();

  static async open(tree: SparkWindows, queries: readonly SparkQuery[]): Promise<SparkComparison> {
    const keys = Map.groupBy(await tree.list(), ({ query }) => query);
    return new SparkComparison(
      new Map(
        queries.map(({ plan }) => [plan.name, { plan, windows: tree.read(keys.get(plan.name) ?? []) }]),
      ),
    );
  }

  private constructor(found: ReadonlyMap<string, { plan: QueryPlan; windows: AsyncGenerator<WindowRows> }>) {
    this.#found = found;
  }

  async expect(query: string, startMs: number, rows: string): Promise<void> {
    const passed = await this.#passTo(query, startMs);
    this.#compare(query, startMs, rows, passed);
  }

  /** What is left in the tree is too much. */
  async expectNoMore(): Promise<void> {
    for (const query of this.#found.keys()) await this.#passTo(query, Number.POSITIVE_INFINITY);
  }

  /** Goes to a window, and returns it if it is there; those before it are unexpected. */
  async #passTo(query: string, startMs: number): Promise<WindowRows | undefined> {
    for (;;) {
      const window = this.#next.has(query) ? this.#next.get(query) : await this.#read(query);
      if (window === undefined || window.windowStartMs > startMs) {
        this.#next.set(query, window);
        return undefined;
      }
      this.#next.delete(query);
      if (window.windowStartMs === startMs) return window;
      this.#compare(query, window.windowStartMs, "", window);
    }
  }

  async #read(query: string): Promise<WindowRows | undefined> {
    const read = await this.#found.get(query)?.windows.next();
    return read === undefined || read.done ? undefined : read.value;
  }

  #compare(query: string, startMs: number, expected: string, found: WindowRows | undefined): void {
    const { plan } = this.#found.get(query)!;
    const { rows, agreeing, differences } = compareRows(
      plan,
      expected,
      found && Buffer.from(found.bytes).toString(),
    );
    this.counts.rows += rows;
    this.counts.agreeing += agreeing;
    this.counts.differing += differences.length;
    const window = new Date(startMs).toISOString();
    const shown = differences.slice(0, SHOWN_DIFFERENCES - this.differences.length);
    this.differences.push(...shown.map((difference) => ({ query, window, ...difference })));
  }
}
