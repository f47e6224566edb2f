import type { Clock } from "../../core/clock.ts";
import {
  createEventColumns,
  createRejectedRows,
  type EventColumns,
  type RejectedRows,
} from "../../events/columns.ts";
import type { Dictionary } from "../../events/dictionary.ts";
import type { EventRules, KeyField } from "../../events/event.ts";
import type { DeadReason } from "../../events/reasons.ts";
import type { RecordColumns } from "../../events/records.ts";
import { compileScanner, type Scanner } from "../../events/scanner.ts";
import { recordHeaders } from "../../kafka/record-decoding.ts";
import { recordKey } from "../../kafka/record-key.ts";
import type { WindowLengths, WindowSettings } from "../../queries/plan.ts";
import { countingWindows, fieldsOf, type WindowGroup } from "../../windows/window-groups.ts";
import { admitEvents, DUPLICATE, FUTURE } from "./admission.ts";
import { Arrivals } from "./arrivals.ts";
import type { CountedIds } from "./counted-ids.ts";
import { headerBytes } from "./dead-letter-headers.ts";
import { ID_FIELD, markDuplicates } from "./deduplication.ts";
import type { DeadLetter, Flush, FlushRequest, PartitionStart } from "./flush.ts";
import { GroupCounts } from "./group-counts.ts";
import { PartitionState } from "./partition-state.ts";
import { SessionEvents } from "./session-events.ts";
import { isCounted } from "./slot-ids.ts";

/** What a worker needs to know of the pipeline. */
export interface WindowWorkerOptions {
  groups: readonly WindowGroup[];
  rules: EventRules;
  windows: Pick<WindowSettings, "delayMs" | "maxAheadMs" | "dedupe">;
  /** Silence after which a caught-up partition is idle; Infinity to never call one idle. */
  idleAfterMs: number;
  clock: Clock;
  partitions: readonly PartitionStart[];
}

/**
 * Above these a worker wants to be flushed before it reads on: about 100 MB of tables, as much of slots once the
 * coordinator holds them (each costs 20 KB there, and a scan of all strings here), 64 MB of strings (the state takes
 * no more than 1 GB in one piece), 16 MB of dead letters.
 */
const FULL_TABLE_ROWS = 2_000_000;
const FULL_SLOTS = 4_096;
const FULL_STRING_BYTES = 64 << 20;
const FULL_DEAD_LETTER_BYTES = 16 << 20;

/**
 * Turns the records of some partitions into pane tables: scan, admit by watermark, group. Knows no thread, no socket and
 * no other partition; everything it learned leaves with `flush`.
 */
export class WindowWorker {
  private readonly options: WindowWorkerOptions;
  private readonly partitions = new Map<number, PartitionState>();
  private readonly scanner: Scanner;
  private readonly groups: readonly (GroupCounts | SessionEvents)[];
  private readonly countingWindows: readonly WindowLengths[];
  /** Where a query wants to know what became of all records. */
  private readonly arrivals: Arrivals | undefined;
  private readonly events: EventColumns;
  private readonly rejected: RejectedRows = createRejectedRows(64);
  /** By event of the batch: the watermark that it met, or why it met none. */
  private watermarksMs = new Float64Array(0);
  private deadLetters: DeadLetter[] = [];
  private deadLetterBytes = 0;
  /** Whether a query needs the ids that `--dedupe` looks at. */
  private readonly countsIds: boolean;

  constructor(options: WindowWorkerOptions) {
    this.options = options;
    const startedAtMs = options.clock.monotonicMs();
    for (const start of options.partitions) {
      this.partitions.set(start.partition, new PartitionState(start, options.windows.delayMs, startedAtMs));
    }
    const used = fieldsOf(options.groups);
    this.countsIds = used.includes(ID_FIELD);
    const fields = options.windows.dedupe ? [...new Set<KeyField>([...used, ID_FIELD])] : used;
    this.scanner = compileScanner({ fields, rules: options.rules });
    this.events = createEventColumns(fields, 4096);
    const counting = options.groups.filter(({ arrivals }) => arrivals === undefined);
    this.countingWindows = counting.map(countingWindows);
    this.groups = counting.map((group) => {
      const index = options.groups.indexOf(group);
      return group.sessions === undefined ? new GroupCounts(group, index) : new SessionEvents(group, index);
    });
    const all = options.groups.findIndex(({ arrivals }) => arrivals !== undefined);
    this.arrivals = all === -1 ? undefined : new Arrivals(options.groups[all] as WindowGroup, all);
  }

  /** Whether reading should wait for the next flush. */
  get full(): boolean {
    return (
      this.groups.reduce((rows, { rowCount }) => rows + rowCount, 0) >= FULL_TABLE_ROWS ||
      this.groups.reduce((slots, { slotCount }) => slots + slotCount, 0) >= FULL_SLOTS ||
      this.deadLetterBytes >= FULL_DEAD_LETTER_BYTES ||
      this.stringBytes >= FULL_STRING_BYTES
    );
  }

  /** Whether every partition has reached its end offset. */
  get atEnd(): boolean {
    return [...this.partitions.values()].every((partition) => partition.atEnd);
  }

  /** Takes in a record batch; null for one without visible records. Batches of a partition come in offset order. */
  batch(partitionNumber: number, records: RecordColumns | null, nextOffset: number): void {
    const partition = this.partition(partitionNumber);
    partition.idle = false;
    partition.pendingFloorMs = Number.NEGATIVE_INFINITY;
    if (records !== null && records.count > 0) this.take(partition, records);
    partition.position = Math.min(nextOffset, Math.max(partition.endOffset, partition.position));
  }

  /** The partition had nothing new in a fetch that was sent at `sentAtMs` (monotonic). */
  caughtUp(
    partitionNumber: number,
    { sentAtMs, position, highWatermark }: { sentAtMs: number; position: number; highWatermark: number },
  ): void {
    const partition = this.partition(partitionNumber);
    partition.idle =
      position === highWatermark &&
      position === partition.position &&
      sentAtMs - partition.lastValidAtMs >= this.options.idleAfterMs;
    if (partition.idle) partition.applyFloor(partition.pendingFloorMs);
  }

  /** The partition's end as a fetch response told it. */
  ends(partitionNumber: number, highWatermark: number, lastStable: number): void {
    const partition = this.partition(partitionNumber);
    partition.highWatermark = highWatermark;
    partition.lastStable = lastStable;
  }

  /** Hands over everything learned since the call before. */
  flush({ floors, final }: FlushRequest): Flush {
    for (const { partition: number, floorMs } of floors) {
      const partition = this.partitions.get(number);
      if (partition === undefined) continue;
      if (final) partition.applyFloor(floorMs);
      else if (partition.idle) partition.pendingFloorMs = floorMs;
    }
    const flush: Flush = {
      partitions: [...this.partitions.values()].map((partition) => partition.takeFlush()),
      slots: [
        ...this.groups.flatMap((group) => group.take(this.scanner.dictionaries)),
        ...(this.arrivals?.take() ?? []),
      ],
      deadLetters: this.deadLetters,
    };
    this.deadLetters = [];
    this.deadLetterBytes = 0;
    this.scanner.reset();
    return flush;
  }

  private take(partition: PartitionState, records: RecordColumns): void {
    const from = firstAtOrAfter(records, partition.position, 0);
    const to = firstAtOrAfter(records, partition.endOffset, from);
    if (this.watermarksMs.length < records.count) this.watermarksMs = new Float64Array(records.count * 2);
    this.events.count = 0;
    this.rejected.count = 0;
    this.scanner.scan(records, from, to, this.events, this.rejected);
    const { maxAheadMs } = this.options.windows;
    const greatestBeforeMs = partition.greatestMs;
    admitEvents(this.events, records, partition, maxAheadMs, this.watermarksMs);
    if (partition.hasUntestedFloor) this.testFloor(partition, greatestBeforeMs, from);
    if (partition.countedIds !== undefined) this.markDuplicates(partition.countedIds);
    for (const group of this.groups)
      group.add(this.events, this.watermarksMs, { partition: partition.partition, records });
    const { events, rejected, watermarksMs, groups } = this;
    const cameAtMs = Math.max(greatestBeforeMs, partition.floorMs);
    this.arrivals?.add({ events, rejected, watermarksMs, groups }, records, cameAtMs);
    this.account(partition, records, from, to);
  }

  private markDuplicates(counted: CountedIds): void {
    const { events, watermarksMs, scanner } = this;
    markDuplicates(events, watermarksMs, scanner.dictionaries[ID_FIELD]!, this.countingWindows, counted);
    if (!this.countsIds) scanner.reset([ID_FIELD]); // nearly all are new: a small dictionary stays in the cache
  }

  private testFloor(partition: PartitionState, greatestBeforeMs: number, from: number): void {
    const { count, timeMs, row } = this.events;
    const first = this.watermarksMs.subarray(0, count).findIndex((watermarkMs) => watermarkMs < FUTURE);
    if (this.arrivals !== undefined && (first === -1 || (row[first] as number) > from)) partition.keepFloor();
    else if (first !== -1) partition.testFloor(Math.max(greatestBeforeMs, timeMs[first] as number));
  }

  private account(partition: PartitionState, records: RecordColumns, from: number, to: number): void {
    const { events, rejected, groups, watermarksMs } = this;
    let counted = 0;
    let duplicates = 0;
    let late = 0;
    for (let i = 0; i < events.count; i++) {
      const watermarkMs = watermarksMs[i] as number;
      if (watermarkMs < FUTURE) {
        if (isCounted(groups, i)) counted++;
        else if (watermarkMs === DUPLICATE) duplicates++;
        else late++;
      } else {
        const reason = watermarkMs === FUTURE ? "from_the_future" : "no_record_time";
        this.reject(partition, records, events.row[i] as number, reason);
      }
    }
    for (let i = 0; i < rejected.count; i++) {
      this.reject(partition, records, rejected.row[i] as number, rejected.reason[i] as DeadReason);
    }
    partition.read += to - from;
    partition.readBytes += valueBytes(records, from, to);
    partition.counted += counted;
    partition.duplicates += duplicates;
    partition.late += late;
    if (counted + duplicates + late > 0) partition.lastValidAtMs = this.options.clock.monotonicMs();
  }

  private reject(partition: PartitionState, records: RecordColumns, row: number, reason: DeadReason): void {
    partition.reject(reason);
    const start = records.valueStart[row] as number;
    const value =
      start < 0 ? null : Uint8Array.prototype.slice.call(records.bytes, start, records.valueEnd[row]);
    const recordStart = records.recordStart[row] as number;
    const key = recordKey(records.bytes, recordStart);
    const headers = recordHeaders(records.bytes, recordStart);
    this.deadLetterBytes += (value?.length ?? 0) + (key?.length ?? 0) + headerBytes(headers) + 64;
    this.deadLetters.push({
      partition: partition.partition,
      offset: records.offset[row] as number,
      reason,
      timestampMs: records.timestampMs[row] as number,
      key,
      value,
      headers,
    });
  }

  private get stringBytes(): number {
    let total = 0;
    for (const dictionary of Object.values(this.scanner.dictionaries) as Dictionary[])
      total += dictionary.usedBytes;
    return total;
  }

  private partition(number: number): PartitionState {
    const partition = this.partitions.get(number);
    if (partition === undefined) throw new Error(`partition ${number} is not assigned to this worker`);
    return partition;
  }
}

/** About 1 ns a record; a record without a value has the start −1 and no bytes. */
function valueBytes({ valueStart, valueEnd }: RecordColumns, from: number, to: number): number {
  let bytes = 0;
  for (let row = from; row < to; row++) {
    const start = valueStart[row] as number;
    if (start >= 0) bytes += (valueEnd[row] as number) - start;
  }
  return bytes;
}

/** Index of the first record at or after `offset`, from `from` on. Nearly always the first or past the last one. */
function firstAtOrAfter({ count, offset: offsets }: RecordColumns, offset: number, from: number): number {
  if (count === from || (offsets[count - 1] as number) < offset) return count;
  let index = from;
  while ((offsets[index] as number) < offset) index++;
  return index;
}
