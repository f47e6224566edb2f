import assert from "node:assert/strict";
import type { Accounting, PartitionManifest } from "../../sinks/manifest.ts";
import type { PartitionFlush, PartitionStart } from "./flush.ts";
import type { StateStore, StoredState } from "./state-store.ts";

/** One partition as of the last flush: what a commit stores of it, and what only the running process knows. */
export interface LedgerEntry {
  readonly stored: PartitionManifest;
  watermarkMs: number;
  idle: boolean;
  atEnd: boolean;
  highWatermark: number;
  lastStable: number;
  /** Memory of the event ids that its worker remembers. */
  idBytes: number;
}

/** The coordinator's account of all partitions: positions, watermarks, floors, and what became of every event. */
export class PartitionLedger {
  readonly entries: readonly LedgerEntry[];
  private readonly delayMs: number;
  /** Bytes of the events read by this process. */
  readBytes = 0;
  private readonly byNumber: ReadonlyMap<number, LedgerEntry>;

  constructor(partitions: readonly PartitionManifest[], delayMs: number) {
    this.delayMs = delayMs;
    this.entries = partitions.map((partition) => ({
      stored: structuredClone(partition),
      watermarkMs: watermarkOf(partition, delayMs),
      idle: false,
      atEnd: false,
      highWatermark: partition.position,
      lastStable: partition.position,
      idBytes: 0,
    }));
    this.byNumber = new Map(this.entries.map((entry) => [entry.stored.partition, entry]));
  }

  /** Takes in a worker's news of a partition. */
  update(flush: PartitionFlush): void {
    const entry = this.byNumber.get(flush.partition);
    assert(entry !== undefined, `news of partition ${flush.partition}, which is not in the state`);
    const { stored } = entry;
    assert(flush.position >= stored.position, `partition ${flush.partition} went back`);
    stored.position = flush.position;
    if (Number.isFinite(flush.greatestMs)) stored.greatestMs = flush.greatestMs;
    const { spentFloorsFrom } = flush;
    if (spentFloorsFrom !== null) {
      stored.floors = stored.floors.filter(({ offset }) => offset < spentFloorsFrom);
    }
    for (const floor of flush.newFloors) {
      // At one offset only the highest floor matters: a partition that stays idle keeps one entry.
      if (stored.floors.at(-1)?.offset === floor.offset) stored.floors.pop();
      stored.floors.push(floor);
    }
    stored.read += flush.read;
    stored.counted += flush.counted;
    if (flush.duplicates !== undefined) stored.duplicates = (stored.duplicates ?? 0) + flush.duplicates;
    stored.late += flush.late;
    for (const [reason, events] of Object.entries(flush.dead)) {
      stored.dead[reason] = (stored.dead[reason] ?? 0) + events;
    }
    assert.equal(stored.read, accountedFor(stored), `partition ${flush.partition} lost count of an event`);
    this.readBytes += flush.readBytes;
    entry.watermarkMs = watermarkOf(stored, this.delayMs);
    entry.idle = flush.idle;
    entry.atEnd = flush.atEnd;
    entry.highWatermark = Math.max(flush.highWatermark, flush.position);
    entry.lastStable = Math.max(flush.lastStable, flush.position);
    entry.idBytes = flush.idBytes ?? 0;
  }

  /** What a commit stores. */
  get partitions(): PartitionManifest[] {
    return this.entries.map(({ stored }) => stored);
  }

  /** By partition, the next offset to read. */
  get positions(): Map<number, number> {
    return new Map(this.entries.map(({ stored }) => [stored.partition, stored.position]));
  }

  /** Partitions that are silent. */
  get idle(): number[] {
    return this.entries.filter(({ idle }) => idle).map(({ stored }) => stored.partition);
  }

  /** Whether a bounded run has read everything it set out to read. */
  get allAtEnd(): boolean {
    return this.entries.every(({ atEnd }) => atEnd);
  }

  /** The least watermark over the partitions: windows close up to it. */
  get leastWatermarkMs(): number {
    return Math.min(...this.entries.map(({ watermarkMs }) => watermarkMs));
  }

  /** Records that Kafka has and the engine has not read yet. */
  get lag(): number {
    return this.entries.reduce((sum, { stored, highWatermark }) => sum + highWatermark - stored.position, 0);
  }

  /** Memory of the event ids that workers remember. */
  get idBytes(): number {
    return this.entries.reduce((sum, { idBytes }) => sum + idBytes, 0);
  }

  /** The account over all partitions. */
  get total(): Accounting {
    const total: Accounting = { read: 0, counted: 0, late: 0, dead: {} };
    for (const { stored } of this.entries) {
      total.read += stored.read;
      total.counted += stored.counted;
      if (stored.duplicates !== undefined) total.duplicates = (total.duplicates ?? 0) + stored.duplicates;
      total.late += stored.late;
      for (const [reason, events] of Object.entries(stored.dead)) {
        total.dead[reason] = (total.dead[reason] ?? 0) + events;
      }
    }
    return total;
  }
}

/** max(greatest event time − delay, floor); −∞ before the first of both. */
export function watermarkOf(partition: PartitionManifest, delayMs: number): number {
  const own = partition.greatestMs === null ? Number.NEGATIVE_INFINITY : partition.greatestMs - delayMs;
  return Math.max(own, partition.floors.at(-1)?.floorMs ?? Number.NEGATIVE_INFINITY);
}

/** Where workers go on with the partitions of a state, up to their `endOffset` or for ever. */
export function partitionStarts(
  { partitions, ownership: { windows } }: Pick<StoredState, "partitions" | "ownership">,
  store: Pick<StateStore, "countedIds">,
  endOffset: (partition: number) => number | null,
): PartitionStart[] {
  const ids = windows.dedupe ? Map.groupBy(store.countedIds(), ({ partition }) => partition) : undefined;
  return partitions.map(({ partition, position, greatestMs, floors }) => ({
    partition,
    position,
    endOffset: endOffset(partition),
    greatestMs: greatestMs ?? Number.NEGATIVE_INFINITY,
    floorMs: floors.at(-1)?.floorMs ?? Number.NEGATIVE_INFINITY,
    ...(ids === undefined ? {} : { countedIds: ids.get(partition) ?? [] }),
  }));
}

function accountedFor({ counted, duplicates = 0, late, dead }: Accounting): number {
  return counted + duplicates + late + Object.values(dead).reduce((sum, events) => sum + events, 0);
}
