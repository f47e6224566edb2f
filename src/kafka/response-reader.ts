/** Reads the fields of a response one after the other. For headers and small responses, not for many
 * records. Reading past the end throws a RangeError. */
export class ResponseReader {
  readonly bytes: Buffer;
  position: number;

  constructor(bytes: Buffer, position = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  int16(): number {
    this.position += 2;
    return this.bytes.readInt16BE(this.position - 2);
  }

  int32(): number {
    this.position += 4;
    return this.bytes.readInt32BE(this.position - 4);
  }

  /** Exact up to 2^53. */
  int64(): number {
    this.position += 8;
    return int64At(this.bytes, this.position - 8);
  }

  /** Unsigned, at most 32 bits: lengths and counts. */
  unsignedVarint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.bytes.readUInt8(this.position++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
      if (scale > 2 ** 28) throw new RangeError("A length in a Kafka response has more than 5 bytes.");
    }
  }

  /** Signed, at most 32 bits: lengths inside records. */
  zigzagVarint(): number {
    const value = this.unsignedVarint();
    return (value >>> 1) ^ -(value & 1);
  }

  /** Passes over a varint of any length. */
  skipVarint(): void {
    while (this.bytes.readUInt8(this.position++) > 127);
  }

  /** The number of elements of a compact array; −1 for null. */
  compactArray(): number {
    return this.unsignedVarint() - 1;
  }

  compactString(): string | null {
    const length = this.unsignedVarint() - 1;
    if (length < 0) return null;
    this.position += length;
    return this.bytes.toString("utf8", this.position - length, this.position);
  }

  /** As `550e8400-e29b-41d4-a716-446655440000`. */
  uuid(): string {
    const hex = this.bytes.toString("hex", this.position, this.position + 16);
    this.position += 16;
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  skip(length: number): void {
    this.position += length;
  }

  skipTaggedFields(): void {
    for (let left = this.unsignedVarint(); left > 0; left--) {
      this.unsignedVarint();
      this.skip(this.unsignedVarint());
    }
  }
}

/** A signed 64-bit integer as a number, without a BigInt; exact up to 2^53. */
export function int64At(bytes: Buffer, position: number): number {
  return bytes.readInt32BE(position) * 4294967296 + bytes.readUInt32BE(position + 4);
}
