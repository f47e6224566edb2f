import assert from "node:assert/strict";
import type { ClickEvent } from "../events/event.ts";
import type { QueryPlan, WindowLengths } from "../queries/plan.ts";
import type { Manifest } from "../sinks/manifest.ts";
import type { SparkTimeline } from "../sinks/spark-batches.ts";
import type { ExpectedWindow, LogRecord } from "./oracle.ts";
import { rowsOf } from "./rows.ts";
import { OracleSessions } from "./sessions.ts";
import { SlimEvents } from "./slim-events.ts";
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
  /** Counted events by the start of their pane, until the last window with it is handed out. */
  readonly panes: Map<number, ClickEvent[]>;
  /** What takes the events instead, for whole sessions. */
  readonly sessions: OracleSessions | undefined;
  /** Windows that end at or before it were handed out. */
  handedThroughMs: number;
  dropped: number;
}

/**
 * Computes again what Spark must have written: each query has batches and watermarks of its own, and a batch drops what
 * falls in a pane (a stretch of one slide; of whole sessions, a millisecond) that ends at or before the watermark of the batch
 * before it. Feed the partition with the least watermark next: then the events in memory are those of two batches, of the delay
 * and of open sessions, some 100 bytes each and 8 more for each query.
 */
export class SparkOracle {
  readonly #manifest: Pick<Manifest, "rules" | "windows">;
  readonly #queries: readonly QueryState[];
  readonly #nextOffset = new Map<number, number>();
  readonly #slim: SlimEvents;
  readonly #partitions: readonly number[];

  constructor(
    manifest: Pick<Manifest, "rules" | "windows">,
    queries: readonly SparkQuery[],
    partitions: readonly number[],
  ) {
    this.#manifest = manifest;
    this.#partitions = partitions;
    this.#slim = new SlimEvents(queries.map(({ plan }) => plan));
    this.#queries = queries.map((query) => {
      const { plan, timeline, lastBatch } = query;
      const closedThroughMs = timeline.batches[lastBatch]?.watermarkMs ?? Number.NEGATIVE_INFINITY;
      const rule = plan.sessions;
      return {
        ...query,
        lengths: plan.windows ?? manifest.windows,
        closedThroughMs,
        batchOf: new Map(),
        panes: new Map(),
        sessions: rule && new OracleSessions([plan], rule, manifest.windows, closedThroughMs),
        handedThroughMs: Number.NEGATIVE_INFINITY,
        dropped: 0,
      };
    });
  }

  /** Takes the next record of its partition. */
  add(record: LogRecord): void {
    this.#nextOffset.set(record.partition, record.offset + 1);
    const event = this.#eventOf(record);
    for (const query of this.#queries) {
      const batch = batchAt(query, record.partition, record.offset);
      const isBefore = record.offset < (query.timeline.starts[record.partition] ?? 0);
      if (event === undefined || batch === undefined || isBefore) continue;
      const slideMs = query.sessions === undefined ? query.lengths.slideMs : 1;
      const paneStartMs = Math.floor(event.timeMs / slideMs) * slideMs;
      if (paneStartMs + slideMs <= lateBefore(query, batch)) {
        query.dropped++;
        continue;
      }
      if (query.sessions !== undefined) {
        const { partition, offset } = record;
        query.sessions.add({ event, partition, offset }, Number.NEGATIVE_INFINITY);
        continue;
      }
      if (paneStartMs + slideMs > query.closedThroughMs) continue;
      const events = query.panes.get(paneStartMs);
      if (events === undefined) query.panes.set(paneStartMs, [event]);
      else events.push(event);
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
  *takeComplete(): Generator<ExpectedWindow> {
    for (const query of this.#queries) {
      const { plan, panes, lengths, closedThroughMs } = query;
      const watermarks = this.#partitions.map((partition) => this.#watermarkOf(query, partition));
      const throughMs = Math.min(closedThroughMs, ...watermarks);
      if (throughMs <= query.handedThroughMs) continue;
      if (query.sessions !== undefined) yield* query.sessions.takeComplete(throughMs);
      for (const startMs of completeStarts(query, throughMs)) {
        const events = panesOf(startMs, lengths).flatMap((paneMs) => panes.get(paneMs) ?? []);
        const rows = rowsOf(plan, { startMs, endMs: startMs + lengths.sizeMs }, events);
        panes.delete(startMs); // no later window has it
        yield { query: plan.name, windowStartMs: startMs, rows };
      }
      query.handedThroughMs = throughMs;
    }
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
    return verdict.event.timeMs > timestampMs + windows.maxAheadMs ? undefined : this.#slim.of(verdict.event);
  }
}

/** Starts of the windows with events that end at or before a time and were not handed out before, in ascending order. */
function completeStarts({ panes, lengths, handedThroughMs }: QueryState, throughMs: number): number[] {
  const { sizeMs, slideMs } = lengths;
  const starts = new Set<number>();
  for (const paneMs of panes.keys()) {
    for (let startMs = paneMs; startMs > paneMs - sizeMs; startMs -= slideMs) {
      const endMs = startMs + sizeMs;
      if (endMs <= throughMs && endMs > handedThroughMs) starts.add(startMs);
    }
  }
  return [...starts].sort((left, right) => left - right);
}

/** Starts of the panes of a window. */
function panesOf(startMs: number, { sizeMs, slideMs }: WindowLengths): number[] {
  return Array.from({ length: sizeMs / slideMs }, (_, index) => startMs + index * slideMs);
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
