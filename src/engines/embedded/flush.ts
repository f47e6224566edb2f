import type { DeadReason } from "../../events/reasons.ts";
import type { RecordHeader } from "../../kafka/record-encoding.ts";
import type { Accounting, Floor } from "../../sinks/manifest.ts";
import type { EncodedSlot } from "../../windows/open-windows.ts";
import type { EncodedIds } from "./counted-ids.ts";

/** Where a worker goes on with a partition. */
export interface PartitionStart {
  partition: number;
  /** Next offset to read. */
  position: number;
  /** Reading ends before it; null to go on for ever. */
  endOffset: number | null;
  /** Greatest valid event time so far, −∞ before the first. */
  greatestMs: number;
  /** The partition's watermark is at least this; −∞ without a floor. */
  floorMs: number;
  /** With de-duplication: the ids that the state remembers. The worker that takes them over empties it. */
  countedIds?: EncodedIds[] | undefined;
}

/** What happened in one partition since the flush before; the accounting members count that stretch alone. */
export interface PartitionFlush extends Accounting {
  partition: number;
  position: number;
  greatestMs: number;
  /** Floors that took effect, with the offset from which each holds. */
  newFloors: Floor[];
  /** Floors known before that hold from this offset or a later one have decided nothing; null when all stay. */
  spentFloorsFrom: number | null;
  /** Caught up, and silent for longer than the idle limit. */
  idle: boolean;
  /** The position has reached the end offset. */
  atEnd: boolean;
  /** End of the partition as last seen, for the lag. */
  highWatermark: number;
  /** Behind which no transaction was open, as last seen. */
  lastStable: number;
  /** Bytes of the events' values read since the flush before. */
  readBytes: number;
  /** With de-duplication: ids to remember from now on. */
  newIds?: EncodedIds[] | undefined;
  /** Memory of all ids that are remembered. */
  idBytes?: number | undefined;
}

/** A rejected event with what identifies it. */
export interface DeadLetter {
  partition: number;
  offset: number;
  reason: DeadReason;
  /** The record's own timestamp, ms since the epoch. */
  timestampMs: number;
  key: Uint8Array | null;
  value: Uint8Array | null;
  /** As the record has them. */
  headers: readonly RecordHeader[];
}

/** All that a worker learned since its flush before. */
export interface Flush {
  partitions: PartitionFlush[];
  slots: EncodedSlot[];
  deadLetters: DeadLetter[];
}

/** What the coordinator wants of a worker beside its news. */
export interface FlushRequest {
  /** Watermarks for idle partitions: each takes effect when the partition is next seen to be idle. */
  floors: readonly { partition: number; floorMs: number }[];
  /** The run is over: the floors take effect at once, at the positions where reading has ended. */
  final: boolean;
}

/** A thread of the engine (or its stand-in in a simulation) as the coordinator sees it. */
export interface EngineWorker {
  /** Answers with what was learned so far; at most one call is under way. */
  flush(request: FlushRequest): Promise<Flush>;
  close(): Promise<void>;
}
