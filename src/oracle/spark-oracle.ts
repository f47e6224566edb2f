import assert from "node:assert/strict";
import type { ClickEvent } from "../events/event.ts";
import type { QueryPlan, WindowLengths } from "../queries/plan.ts";
import type { Manifest } from "../sinks/manifest.ts";
import type { SparkTimeline } from "../sinks/spark-batches.ts";
import type { ExpectedWindow, LogRecord } from "./oracle.ts";
import { rowsOf } from "./rows.ts";
import { oracleVerdict } from "./verdict.ts";

/** What the rows of one query under Spark depend on, beside the topic. */
export interface SparkQuery {
  readonly plan: QueryPlan;
  readonly timeline: SparkTimeline;
  /** The last batch whose rows count; −1 when there is none. */
  readonly lastBatch: number;
}

interface QueryState extends SparkQuery {
  readonly lengths: WindowLengths;
  /** Windows that end at or before it are final. */
  readonly closedThroughMs: number;
  /** By partition, the batch that the record last seen was in: only ever the same or a later one follows. */
  readonly batchOf: Map<number, number>;
  /** Counted events by window start. */
  readonly windows: Map<number, ClickEvent[]>;
  dropped: number;
}

/**
 * Computes again what Spark must have written: each query has batches and watermarks of its own, and a batch drops what
 * falls in a pane (a stretch of one slide) that ends at or before the watermark of the batch before it. Feed the partition
 * with the least watermark next.
 */
export class SparkOracle {
  readonly #manifest: Pick<Manifest, "rules" | "windows">;
  readonly #queries: readonly QueryState[];
  readonly #nextOffset = new Map<number, number>();

  readonly #partitions: readonly number[];

  constructor(
    manifest: Pick<Manifest, "rules" | "windows">,
    queries: readonly SparkQuery[],
    partitions: readonly number[],
  ) {
    this.#manifest = manifest;
    this.#partitions = partitions;
    this.#queries = queries.map((query) => ({
      ...query,
      lengths: query.plan.windows ?? manifest.windows,
      closedThroughMs: query.timeline.batches[query.lastBatch]?.watermarkMs ?? Number.NEGATIVE_INFINITY,
      batchOf: new Map(),
      windows: new Map(),
      dropped: 0,
    }));
  }

  /** Takes the next record of its partition. */
  add(record: LogRecord): void {
    this.#nextOffset.set(record.partition, record.offset + 1);
    const event = this.#eventOf(record);
    for (const query of this.#queries) {
      const batch = batchAt(query, record.partition, record.offset);
      const isBefore = record.offset < (query.timeline.starts[record.partition] ?? 0);
      if (event === undefined || batch === undefined || isBefore) continue;
      const { sizeMs, slideMs } = query.lengths;
      const paneStartMs = Math.floor(event.timeMs / slideMs) * slideMs;
      if (paneStartMs + slideMs <= lateBefore(query, batch)) {
        query.dropped++;
        continue;
      }
      for (let startMs = paneStartMs; startMs > paneStartMs - sizeMs; startMs -= slideMs) {
        if (startMs + sizeMs > query.closedThroughMs) continue;
        const events = query.windows.get(startMs);
        if (events === undefined) query.windows.set(startMs, [event]);
        else events.push(event);
      }
    }
  }

  /** Says that the partition has no further record. */
  finish(partition: number): void {
    this.#nextOffset.set(partition, Number.POSITIVE_INFINITY);
  }

  /** No further record of the partition counts in a window of any query that ends at or before it. */
  watermarkMs(partition: number): number {
    return Math.min(...this.#queries.map((query) => this.#watermarkOf(query, partition)));
  }

  /** Hands out, once, the windows that no partition can add to any more, in ascending order for each query. */
  takeComplete(): ExpectedWindow[] {
    return this.#queries.flatMap((query) => {
      const { plan, windows, lengths } = query;
      const leastMs = Math.min(...this.#partitions.map((partition) => this.#watermarkOf(query, partition)));
      const complete = [...windows.keys()].filter((startMs) => startMs + lengths.sizeMs <= leastMs);
      return complete
        .sort((a, b) => a - b)
        .map((startMs) => {
          const rows = rowsOf(plan, { startMs, endMs: startMs + lengths.sizeMs }, windows.get(startMs) ?? []);
          windows.delete(startMs);
          return { query: plan.name, windowStartMs: startMs, rows };
        });
    });
  }

  /** Events that each query dropped because their pane was final. */
  dropped(): ReadonlyMap<string, number> {
    return new Map(this.#queries.map(({ plan, dropped }) => [plan.name, dropped]));
  }

  #watermarkOf(query: QueryState, partition: number): number {
    const offset = this.#nextOffset.get(partition) ?? 0;
    if (offset === Number.POSITIVE_INFINITY) return offset;
    const batch = batchAt(query, partition, offset);
    return batch === undefined ? Number.POSITIVE_INFINITY : lateBefore(query, batch);
  }

  #eventOf({ value, timestampMs }: LogRecord): ClickEvent | undefined {
    const { rules, windows } = this.#manifest;
    const verdict = oracleVerdict(value, rules);
    if ("reason" in verdict || timestampMs < 0) return undefined;
    return verdict.event.timeMs > timestampMs + windows.maxAheadMs ? undefined : verdict.event;
  }
}

/** The batch that read the offset; undefined when none did whose rows count. Offsets are asked for in ascending order. */
function batchAt(query: QueryState, partition: number, offset: number): number | undefined {
  const { timeline, lastBatch, batchOf } = query;
  let batch = batchOf.get(partition) ?? 0;
  while (batch <= lastBatch && offset >= (timeline.batches[batch]?.ends[partition] ?? 0)) batch++;
  batchOf.set(partition, batch);
  assert(batch <= timeline.batches.length, "the last batch is one of the timeline");
  return batch <= lastBatch ? batch : undefined;
}

/** Panes that end at or before it were final when the batch read its events. */
function lateBefore({ timeline }: QueryState, batch: number): number {
  return timeline.batches[batch - 1]?.watermarkMs ?? Number.NEGATIVE_INFINITY;
}
