import assert from "node:assert/strict";

/** A record as a topic keeps it. */
export interface StoredRecord {
  offset: number;
  /** The record's own timestamp, ms since the epoch. */
  timestampMs: number;
  value: Uint8Array | null;
}

/** A topic in memory. Offsets count from 0 without gaps. */
export class MemoryTopic {
  private readonly partitions: readonly StoredRecord[][];

  constructor(partitionCount: number) {
    this.partitions = Array.from({ length: partitionCount }, () => []);
  }

  get partitionCount(): number {
    return this.partitions.length;
  }

  has(partition: number): boolean {
    return partition in this.partitions;
  }

  append(partition: number, timestampMs: number, value: Uint8Array | null): void {
    const records = this.records(partition);
    records.push({ offset: records.length, timestampMs, value });
  }

  /** Records from an offset on, in offset order. */
  read(partition: number, offset: number): StoredRecord[] {
    return this.records(partition).slice(offset);
  }

  /** The next offset that a record will get. */
  end(partition: number): number {
    return this.records(partition).length;
  }

  private records(partition: number): StoredRecord[] {
    const records = this.partitions[partition];
    assert(records !== undefined, `the topic has no partition ${partition}`);
    return records;
  }
}
