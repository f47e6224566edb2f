/** Writes the fields of a small request one after the other, in the flexible encoding (compact, tagged fields). */
export class RequestWriter {
  #bytes = Buffer.allocUnsafe(512);
  #length = 0;

  int8(value: number): this {
    this.#reserve(1);
    this.#length = this.#bytes.writeInt8(value, this.#length);
    return this;
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  int16(value: number): this {
    this.#reserve(2);
    this.#length = this.#bytes.writeInt16BE(value, this.#length);
    return this;
  }

  int32(value: number): this {
    this.#reserve(4);
    this.#length = this.#bytes.writeInt32BE(value, this.#length);
    return this;
  }

  /** Exact for integers up to 2^53. */
  int64(value: number): this {
    this.#reserve(8);
    writeInt64(this.#bytes, value, this.#length);
    this.#length += 8;
    return this;
  }

  unsignedVarint(value: number): this {
    this.#reserve(5);
    this.#length = writeUnsignedVarint(this.#bytes, value, this.#length);
    return this;
  }

  compactString(text: string | null): this {
    if (text === null) return this.unsignedVarint(0);
    const byteLength = Buffer.byteLength(text);
    this.unsignedVarint(byteLength + 1);
    this.#reserve(byteLength);
    this.#length += this.#bytes.write(text, this.#length);
    return this;
  }

  compactArray<T>(items: readonly T[], writeItem: (writer: this, item: T) => void): this {
    this.unsignedVarint(items.length + 1);
    for (const item of items) writeItem(this, item);
    return this;
  }

  noTaggedFields(): this {
    return this.unsignedVarint(0);
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(byteLength: number): void {
    if (this.#length + byteLength <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + byteLength));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Writes a value of at most 32 bits; returns the position after it. */
export function writeUnsignedVarint(bytes: Buffer, value: number, position: number): number {
  let rest = value;
  let at = position;
  while (rest > 127) {
    bytes[at++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

/** Writes a signed 64-bit integer without a BigInt; exact up to 2^53. */
export function writeInt64(bytes: Buffer, value: number, position: number): void {
  bytes.writeInt32BE(Math.floor(value / 4294967296), position);
  bytes.writeInt32BE(value | 0, position + 4);
}
