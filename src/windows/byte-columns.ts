/** Appends numbers and bytes to a buffer that grows. */
export class ByteWriter {
  private buffer = Buffer.allocUnsafe(1 << 12);
  private length = 0;

  byte(value: number): void {
    this.room(1);
    this.buffer[this.length++] = value;
  }

  /** A number of things, 0 … 2³² − 1. */
  count(value: number): void {
    this.room(4);
    this.length = this.buffer.writeUInt32LE(value, this.length);
  }

  /** Whole numbers ≥ 0, each in 1, 2, 4 or 8 bytes: as many as the greatest needs. */
  column(size: number, valueAt: (index: number) => number): void {
    const values = new Float64Array(size);
    let greatest = 0;
    for (let i = 0; i < size; i++) {
      const value = valueAt(i);
      values[i] = value;
      if (value > greatest) greatest = value;
    }
    const width = greatest < 0x100 ? 1 : greatest < 0x10000 ? 2 : greatest < 0x100000000 ? 4 : 8;
    this.byte(width);
    this.room(size * width);
    const { buffer } = this;
    let at = this.length;
    for (let i = 0; i < size; i++) {
      const value = values[i] as number;
      if (width === 1) buffer[at++] = value;
      else if (width === 2) at = buffer.writeUInt16LE(value, at);
      else if (width === 4) at = buffer.writeUInt32LE(value, at);
      else at = buffer.writeDoubleLE(value, at);
    }
    this.length = at;
  }

  bytes(source: Uint8Array, start: number, end: number): void {
    this.room(end - start);
    this.buffer.set(source.subarray(start, end), this.length);
    this.length += end - start;
  }

  /** What was written; the writer must not be used afterwards. */
  finish(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  private room(more: number): void {
    if (this.length + more <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + more));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}

/** Reads back what a `ByteWriter` wrote, in the same order. */
export class ByteReader {
  private readonly buffer: Buffer;
  private at = 0;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  get atEnd(): boolean {
    return this.at === this.buffer.length;
  }

  byte(): number {
    return this.buffer.readUInt8(this.at++);
  }

  count(): number {
    const value = this.buffer.readUInt32LE(this.at);
    this.at += 4;
    return value;
  }

  column(size: number): Float64Array {
    const width = this.byte();
    const values = new Float64Array(size);
    const { buffer } = this;
    let { at } = this;
    for (let i = 0; i < size; i++, at += width) {
      if (width === 1) values[i] = buffer.readUInt8(at);
      else if (width === 2) values[i] = buffer.readUInt16LE(at);
      else if (width === 4) values[i] = buffer.readUInt32LE(at);
      else values[i] = buffer.readDoubleLE(at);
    }
    this.at = at;
    return values;
  }

  bytes(length: number): Buffer {
    const bytes = this.buffer.subarray(this.at, this.at + length);
    this.at += length;
    return bytes;
  }

  /** All bytes that were not read yet. */
  rest(): Buffer {
    return this.bytes(this.buffer.length - this.at);
  }
}
