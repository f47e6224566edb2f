import type { Floor } from "../../sinks/manifest.ts";
import { CountedIds } from "./counted-ids.ts";
import type { PartitionFlush, PartitionStart } from "./flush.ts";

/** A worker's view of one partition: its watermark, its position, and what was counted since the last flush. */
export class PartitionState {
  readonly partition: number;
  readonly endOffset: number;
  position: number;
  greatestMs: number;
  /** max(greatest event time − delay, floor). */
  watermarkMs: number;
  /** −∞ without one. */
  floorMs: number;
  highWatermark = 0;
  lastStable = 0;
  idle = false;
  /** Monotonic time of the last valid event, or of the start of the process. */
  lastValidAtMs: number;
  /** A floor that waits for the next sign that the partition is idle. */
  pendingFloorMs = Number.NEGATIVE_INFINITY;
  read = 0;
  readBytes = 0;
  counted = 0;
  duplicates = 0;
  late = 0;
  dead: Record<string, number> = {};
  /** Where events are looked at for duplicates. */
  readonly countedIds: CountedIds | undefined;
  private readonly delayMs: number;
  private newFloors: Floor[] = [];
  /** Offset of the first floor since the last valid event; undefined when there is none. */
  private untestedFrom: number | undefined;
  private spentFloorsFrom: number | null = null;

  constructor(start: PartitionStart, delayMs: number, startedAtMs: number) {
    this.partition = start.partition;
    this.position = start.position;
    this.endOffset = start.endOffset ?? Number.POSITIVE_INFINITY;
    this.greatestMs = start.greatestMs;
    this.floorMs = start.floorMs;
    this.delayMs = delayMs;
    this.lastValidAtMs = startedAtMs;
    this.watermarkMs = Math.max(start.greatestMs - delayMs, start.floorMs);
    if (start.countedIds === undefined) return;
    this.countedIds = new CountedIds();
    for (const ids of start.countedIds.splice(0)) this.countedIds.restore(ids);
  }

  get atEnd(): boolean {
    return this.position >= this.endOffset;
  }

  /** From the current position on, the watermark is at least `floorMs`. */
  applyFloor(floorMs: number): void {
    this.pendingFloorMs = Number.NEGATIVE_INFINITY;
    if (floorMs <= this.watermarkMs) return;
    this.floorMs = floorMs;
    this.watermarkMs = floorMs;
    this.newFloors.push({ offset: this.position, floorMs });
    this.untestedFrom ??= this.position;
  }

  /** Whether no valid event has been read since the last floor. */
  get hasUntestedFloor(): boolean {
    return this.untestedFrom !== undefined;
  }

  /**
   * The first valid event after a floor was read. When it lifts the watermark to the floor by itself, the floor has
   * decided nothing and never will: it is forgotten, so that a partition that comes and goes leaves no trail of floors.
   */
  testFloor(greatestMs: number): void {
    const from = this.untestedFrom;
    this.untestedFrom = undefined;
    if (from === undefined || greatestMs - this.delayMs < this.floorMs) return;
    this.newFloors = this.newFloors.filter(({ offset }) => offset < from);
    this.spentFloorsFrom ??= from;
  }

  /** Something else than events was read after a floor, which has so decided to which window that belongs: it stays. */
  keepFloor(): void {
    this.untestedFrom = undefined;
  }

  /** Moves the watermark after events up to `greatestMs` were read. */
  advanceTo(greatestMs: number): void {
    this.greatestMs = greatestMs;
    this.watermarkMs = Math.max(greatestMs - this.delayMs, this.floorMs);
  }

  reject(reason: string): void {
    this.dead[reason] = (this.dead[reason] ?? 0) + 1;
  }

  /** What happened since the call before. */
  takeFlush(): PartitionFlush {
    const flush: PartitionFlush = {
      partition: this.partition,
      position: this.position,
      greatestMs: this.greatestMs,
      newFloors: this.newFloors,
      spentFloorsFrom: this.spentFloorsFrom,
      idle: this.idle,
      atEnd: this.atEnd,
      highWatermark: this.highWatermark,
      lastStable: this.lastStable,
      read: this.read,
      readBytes: this.readBytes,
      counted: this.counted,
      late: this.late,
      dead: this.dead,
    };
    if (this.countedIds !== undefined) {
      flush.duplicates = this.duplicates;
      flush.newIds = this.countedIds.takeNew(this.watermarkMs);
      flush.idBytes = this.countedIds.byteLength;
    }
    this.newFloors = [];
    this.spentFloorsFrom = null;
    this.read = 0;
    this.readBytes = 0;
    this.counted = 0;
    this.duplicates = 0;
    this.late = 0;
    this.dead = {};
    return flush;
  }
}
