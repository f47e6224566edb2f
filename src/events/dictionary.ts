const INITIAL_IDS = 16;
const INITIAL_ARENA_BYTES = 512;

/**
 * The hash of an empty string before `mixWord` took its words: full little-endian words, then one word of the
 * remaining 0–3 bytes padded with zeros.
 */
export const HASH_SEED = 0x1234567;

/** The hash after one more word. */
export function mixWord(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

/**
 * Interns byte strings to ids 0, 1, 2… by first arrival. Exact: the hash only leads to a candidate, whose bytes decide.
 * Open addressing with linear probing, at most half full.
 */
export class Dictionary {
  /** The number of strings; ids are 0 … size − 1. */
  size = 0;
  /** The bytes of all strings, each at a multiple of four; replaced when it grows. */
  arena = new Uint8Array(INITIAL_ARENA_BYTES);
  /** The same bytes as 32-bit words, for those who compare many bytes at once. */
  words = new Int32Array(this.arena.buffer);
  private arenaEnd = 0;
  private starts = new Int32Array(INITIAL_IDS);
  private lengths = new Int32Array(INITIAL_IDS);
  private hashes = new Int32Array(INITIAL_IDS);
  /** Ids by hash; −1 is free. */
  private slots = new Int32Array(INITIAL_IDS * 2).fill(-1);

  /** The id of `bytes[start, start + length)`, a new one if the string is new. The bytes are copied. */
  intern(bytes: Uint8Array, start: number, length: number): number {
    return this.internHashed(bytes, start, length, hashOf(bytes, start, length));
  }

  /** The id of a string's UTF-8 bytes, a new one if the string is new. */
  internString(text: string): number {
    const bytes = Buffer.from(text);
    return this.intern(bytes, 0, bytes.length);
  }

  /** `intern` for a caller that already has the hash. */
  internHashed(bytes: Uint8Array, start: number, length: number, hash: number): number {
    const id = this.findHashed(bytes, start, length, hash);
    return id >= 0 ? id : this.insert(bytes, start, length, hash);
  }

  /** The id of a string whose hash is known, −1 if it was never interned. */
  findHashed(bytes: Uint8Array, start: number, length: number, hash: number): number {
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.slots[slot]!;
      if (id < 0 || (this.hashes[id] === hash && this.holds(id, bytes, start, length))) return id;
    }
  }

  /** The id of a string's UTF-8 bytes, −1 if it was never interned. */
  findString(text: string): number {
    const bytes = Buffer.from(text);
    return this.findHashed(bytes, 0, bytes.length, hashOf(bytes, 0, bytes.length));
  }

  /** Bytes of `arena` that hold strings. */
  get usedBytes(): number {
    return this.arenaEnd;
  }

  /** Bytes held, room to grow included. */
  get byteLength(): number {
    return this.arena.byteLength + this.starts.byteLength * 3 + this.slots.byteLength;
  }

  /** Where the id's bytes start in `arena`. */
  startOf(id: number): number {
    return this.starts[id]!;
  }

  /** How many bytes the id's string has. */
  lengthOf(id: number): number {
    return this.lengths[id]!;
  }

  /** The hash of the id's string: other strings nearly always have others. */
  hash(id: number): number {
    return this.hashes[id]!;
  }

  /** The id's string, decoded anew at each call. */
  text(id: number): string {
    return Buffer.from(this.arena.buffer, this.starts[id], this.lengths[id]).toString();
  }

  /** Forgets every string and keeps the room they had. */
  clear(): void {
    this.size = 0;
    this.arenaEnd = 0;
    this.slots.fill(-1);
  }

  private holds(id: number, bytes: Uint8Array, start: number, length: number): boolean {
    if (this.lengths[id] !== length) return false;
    const own = this.starts[id]!;
    for (let i = 0; i < length; i++) if (this.arena[own + i] !== bytes[start + i]) return false;
    return true;
  }

  private insert(bytes: Uint8Array, start: number, length: number, hash: number): number {
    const id = this.size++;
    if (id === this.hashes.length) this.growIds();
    const own = this.arenaEnd;
    this.arenaEnd = (own + length + 3) & ~3;
    if (this.arenaEnd > this.arena.length) this.growArena();
    for (let i = 0; i < length; i++) this.arena[own + i] = bytes[start + i]!;
    this.starts[id] = own;
    this.lengths[id] = length;
    this.hashes[id] = hash;
    this.place(id);
    return id;
  }

  private place(id: number): void {
    const mask = this.slots.length - 1;
    let slot = this.hashes[id]! & mask;
    while (this.slots[slot]! >= 0) slot = (slot + 1) & mask;
    this.slots[slot] = id;
  }

  private growIds(): void {
    const capacity = this.hashes.length * 2;
    this.starts = widened(this.starts, capacity);
    this.lengths = widened(this.lengths, capacity);
    this.hashes = widened(this.hashes, capacity);
    this.slots = new Int32Array(capacity * 2).fill(-1);
    for (let id = 0; id < capacity / 2; id++) this.place(id);
  }

  private growArena(): void {
    const grown = new Uint8Array(Math.max(this.arena.length * 2, this.arenaEnd + 3) & ~3);
    grown.set(this.arena);
    this.arena = grown;
    this.words = new Int32Array(grown.buffer);
  }
}

/** The hash of `bytes[start, start + length)`. */
function hashOf(bytes: Uint8Array, start: number, length: number): number {
  let hash = HASH_SEED;
  let position = start;
  const fullWordsEnd = start + (length & ~3);
  for (; position < fullWordsEnd; position += 4) {
    hash = mixWord(
      hash,
      bytes[position]! |
        (bytes[position + 1]! << 8) |
        (bytes[position + 2]! << 16) |
        (bytes[position + 3]! << 24),
    );
  }
  let tail = 0;
  for (let shift = 0; position < start + length; shift += 8) tail |= bytes[position++]! << shift;
  return mixWord(hash, tail);
}

function widened(column: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const wide = new Int32Array(capacity);
  wide.set(column);
  return wide;
}
