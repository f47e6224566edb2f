import assert from "node:assert/strict";
import type { ClickEvent } from "../events/event.ts";
import type { DeadReason } from "../events/reasons.ts";
import type { QueryPlan } from "../queries/plan.ts";
import type { Accounting, Floor, Manifest, PartitionManifest } from "../sinks/manifest.ts";
import { OracleArrivals } from "./arrivals.ts";
import { EventWindows } from "./event-windows.ts";
import { rowsOf } from "./rows.ts";
import { OracleSessions } from "./sessions.ts";
import { SlimEvents } from "./slim-events.ts";
import { oracleVerdict } from "./verdict.ts";

/** One record of the topic. Offsets ascend within a partition; holes are allowed. */
export interface LogRecord {
  partition: number;
  offset: number;
  /** The record's own timestamp, ms since the epoch; −1 for none. */
  timestampMs: number;
  value: Uint8Array | null;
}

/** What one output file must hold. Windows in which no event counts have none. */
export interface ExpectedWindow {
  query: string;
  windowStartMs: number;
  /** Newline-delimited JSON. */
  rows: string;
}

/** The queries of the same windows. */
interface WindowSet {
  sizeMs: number;
  slideMs: number;
  queries: QueryPlan[];
  windows: EventWindows;
}

/** Ids to remember before those that no longer matter are looked for. */
const MANY_IDS = 100_000;

interface PartitionState {
  manifest: PartitionManifest;
  greatestMs: number;
  floorMs: number;
  /** In ascending order. */
  floorsAhead: Floor[];
  nextOffset: number;
  accounting: Accounting;
  /** Of counted events: until when, by the partition's watermark, an event with the same id is their duplicate. */
  countedIds: Map<string, number>;
}

/**
 * Computes again, slowly and from the meaning alone, what a pipeline with this manifest must have written: the rows of
 * every window that ends at or before `closedThroughMs`, and the accounting of every partition up to its position.
 * Holds the events of windows that some partition may still add to; feed the partition with the least watermark next.
 */
export class Oracle {
  readonly #manifest: Manifest;
  readonly #closedThroughMs: number;
  readonly #partitions: ReadonlyMap<number, PartitionState>;
  readonly #windowSets: readonly WindowSet[];
  readonly #sessions: OracleSessions | undefined;
  readonly #arrivals: OracleArrivals | undefined;
  readonly #slim: SlimEvents;

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
    this.#closedThroughMs = manifest.closedThroughMs ?? Number.NEGATIVE_INFINITY;
    this.#windowSets = windowSetsOf(manifest);
    this.#sessions = sessionsOf(manifest);
    this.#arrivals = arrivalsOf(manifest);
    this.#slim = new SlimEvents(manifest.queries);
    this.#partitions = new Map(
      manifest.partitions.map((partition) => [
        partition.partition,
        {
          manifest: partition,
          greatestMs: Number.NEGATIVE_INFINITY,
          floorMs: Number.NEGATIVE_INFINITY,
          floorsAhead: [...partition.floors],
          nextOffset: partition.startOffset,
          accounting: {
            read: 0,
            counted: 0,
            late: 0,
            dead: {},
            ...(manifest.windows.dedupe ? { duplicates: 0 } : {}),
          },
          countedIds: new Map(),
        },
      ]),
    );
  }

  /** Takes the next record of its partition; records outside of what the manifest covers are ignored. */
  add(record: LogRecord): void {
    const partition = this.#partitions.get(record.partition);
    if (partition === undefined) return;
    const { startOffset, position, lost } = partition.manifest;
    const isLost = lost.some(({ from, to }) => record.offset >= from && record.offset < to);
    if (record.offset < startOffset || record.offset >= position || isLost) return;
    assert(record.offset >= partition.nextOffset, `offset ${record.offset} after ${partition.nextOffset}`);
    partition.nextOffset = record.offset + 1;

    const { accounting } = partition;
    accounting.read++;
    const verdict = this.#verdict(record);
    if ("reason" in verdict) {
      accounting.dead[verdict.reason] = (accounting.dead[verdict.reason] ?? 0) + 1;
      this.#arrived(partition, record, { fate: verdict.reason });
      return;
    }
    const event = this.#slim.of(verdict.event);
    partition.greatestMs = Math.max(partition.greatestMs, event.timeMs);
    const watermarkMs = this.#watermarkAt(partition, record.offset);
    if (this.#manifest.windows.dedupe && this.#isDuplicate(partition, verdict.event, watermarkMs)) {
      accounting.duplicates = (accounting.duplicates ?? 0) + 1;
      this.#arrived(partition, record, { fate: "duplicate", timeMs: event.timeMs });
      return;
    }
    let windows = 0;
    for (const set of this.#windowSets) windows += set.windows.add(event, watermarkMs, this.#closedThroughMs);
    const { partition: number, offset } = record;
    const isInSession = this.#sessions?.add({ event, partition: number, offset }, watermarkMs) ?? false;
    const isLate = windows === 0 && !isInSession;
    if (isLate) accounting.late++;
    else accounting.counted++;
    this.#arrived(partition, record, { fate: isLate ? "late" : "counted", timeMs: event.timeMs });
  }

  #arrived(
    partition: PartitionState,
    { offset, timestampMs }: LogRecord,
    { fate, timeMs }: { fate: string; timeMs?: number },
  ): void {
    this.#watermarkAt(partition, offset);
    const cameAtMs = Math.max(partition.greatestMs, partition.floorMs);
    this.#arrivals?.add({ fate, ageMs: timeMs === undefined ? null : timestampMs - timeMs }, cameAtMs);
  }

  /** Says that the partition has no further record below its position. */
  finish(partition: number): void {
    const state = this.#partitions.get(partition);
    assert(state !== undefined, `no partition ${partition}`);
    state.nextOffset = Number.POSITIVE_INFINITY;
  }

  /** No further record of the partition counts in a window that ends at or before it; infinite when finished. */
  watermarkMs(partition: number): number {
    const state = this.#partitions.get(partition);
    assert(state !== undefined, `no partition ${partition}`);
    if (state.nextOffset === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    return this.#watermarkAt(state, state.nextOffset);
  }

  /** Hands out, once, the windows that no partition can add to any more, in ascending order for each query. */
  takeComplete(): ExpectedWindow[] {
    const leastMs = Math.min(...[...this.#partitions.keys()].map((partition) => this.watermarkMs(partition)));
    const ofWindows = this.#windowSets.flatMap(({ queries, windows }) =>
      windows.takeComplete(leastMs).flatMap(({ startMs, endMs, events }) =>
        queries.map((query) => ({
          query: query.name,
          windowStartMs: startMs,
          rows: rowsOf(query, { startMs, endMs }, events),
        })),
      ),
    );
    return [
      ...ofWindows,
      ...(this.#sessions?.takeComplete(leastMs) ?? []),
      ...(this.#arrivals?.takeComplete(leastMs) ?? []),
    ];
  }

  /** By partition number, over the records added so far. */
  accounting(): Map<number, Accounting> {
    return new Map([...this.#partitions].map(([number, { accounting }]) => [number, accounting]));
  }

  #verdict(record: LogRecord): { event: ClickEvent } | { reason: DeadReason } {
    const { rules, windows } = this.#manifest;
    const verdict = oracleVerdict(record.value, rules);
    if ("reason" in verdict) return verdict;
    if (record.timestampMs < 0) return { reason: "no_record_time" };
    const isAhead = verdict.event.timeMs > record.timestampMs + windows.maxAheadMs;
    return isAhead ? { reason: "from_the_future" } : verdict;
  }

  /** Whether an event that some window would count repeats one that was counted; if not, it is remembered. */
  #isDuplicate({ countedIds }: PartitionState, event: ClickEvent, watermarkMs: number): boolean {
    const ends = this.#windowSets.map(({ windows }) => windows.lastEndMs(event.timeMs));
    const lastEndMs = Math.max(...ends, this.#sessions?.countsUntilMs(event.timeMs) ?? 0);
    if (lastEndMs <= watermarkMs) return false; // late, whatever its id
    if ((countedIds.get(event.event_id) ?? Number.NEGATIVE_INFINITY) > watermarkMs) return true;
    if (countedIds.size % MANY_IDS === 0) {
      for (const [id, untilMs] of countedIds) if (untilMs <= watermarkMs) countedIds.delete(id);
    }
    countedIds.set(event.event_id, lastEndMs);
    return false;
  }

  /** The watermark that an event at the offset meets. Offsets are asked for in ascending order. */
  #watermarkAt(partition: PartitionState, offset: number): number {
    while ((partition.floorsAhead[0]?.offset ?? Number.POSITIVE_INFINITY) <= offset) {
      partition.floorMs = Math.max(partition.floorMs, partition.floorsAhead.shift()?.floorMs ?? 0);
    }
    return Math.max(partition.greatestMs - this.#manifest.windows.delayMs, partition.floorMs);
  }
}

function windowSetsOf({ queries, windows }: Manifest): WindowSet[] {
  const sets: WindowSet[] = [];
  for (const query of queries.filter(({ sessions, arrivals }) => sessions === undefined && !arrivals)) {
    const { sizeMs, slideMs } = query.windows ?? windows;
    const same = sets.find((set) => set.sizeMs === sizeMs && set.slideMs === slideMs);
    if (same !== undefined) same.queries.push(query);
    else sets.push({ sizeMs, slideMs, queries: [query], windows: new EventWindows({ sizeMs, slideMs }) });
  }
  return sets;
}

function sessionsOf({ queries, windows, closedThroughMs }: Manifest): OracleSessions | undefined {
  const own = queries.filter(({ sessions }) => sessions !== undefined);
  const rule = own[0]?.sessions;
  if (rule === undefined) return undefined;
  return new OracleSessions(own, rule, windows, closedThroughMs ?? Number.NEGATIVE_INFINITY);
}

function arrivalsOf({ queries, windows, closedThroughMs }: Manifest): OracleArrivals | undefined {
  const query = queries.find(({ arrivals }) => arrivals);
  if (query === undefined) return undefined;
  const { sizeMs } = query.windows ?? windows;
  return new OracleArrivals(query, sizeMs, closedThroughMs ?? Number.NEGATIVE_INFINITY);
}
