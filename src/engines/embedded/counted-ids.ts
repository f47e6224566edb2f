import assert from "node:assert/strict";
import { type Dictionary, HASH_SEED, mixWord } from "../../events/dictionary.ts";
import { decodeIds, encodeIds, HEADER_WORDS, wordsOf } from "./ids-codec.ts";

/** Event ids of one partition that are remembered equally long: bytes for the state. */
export interface EncodedIds {
  /** They are forgotten when the partition's watermark reaches it: the end of the last window that holds their events. */
  readonly untilMs: number;
  /** In the encoding of `ids-codec.ts`. */
  readonly bytes: Uint8Array;
}

const FIRST_WORDS = 4_096;
/** Fewer are not worth putting in order. */
const LEAST_FORGOTTEN = 1_024;
/** Endings that are found without a look-up: events out of order hop between a few. */
const CACHED_ENDINGS = 8;

/**
 * The ids of the events of one partition that counted, each for as long as an event of the same time could count. Exact:
 * ids are kept whole, and compared. A UUID costs some 44 bytes and 16 to 32 of the hash table, and up to twice that while
 * ids that have run out are still there.
 */
export class CountedIds {
  /** Header and text of each id, one behind the other, in order of arrival; texts are padded with zeros to whole words. */
  private words = new Int32Array(FIRST_WORDS);
  private end = 0;
  /** Pairs of a hash and a place in `words`, −1 for none; at most half full. */
  private table = new Int32Array(FIRST_WORDS).fill(-1);
  private size = 0;
  /** Up to where `takeNew` has come. */
  private taken = 0;
  /** When ids run out, and how many do then. */
  private endingsMs: number[] = [];
  private counts: number[] = [];
  private readonly numbers = new Map<number, number>();
  private readonly cachedMs = new Float64Array(CACHED_ENDINGS).fill(Number.NaN);
  private readonly cachedNumber = new Int32Array(CACHED_ENDINGS);

  /** Goes on with ids that the state holds. @throws Error when the bytes are damaged */
  restore({ untilMs, bytes }: EncodedIds): void {
    assert.equal(this.taken, this.end, "ids are restored before any is added");
    const ending = this.endingOf(untilMs);
    for (const { words, start, length } of decodeIds(bytes)) {
      const hash = hashOf(words, start, length);
      const slot = this.slotOf(words, start, length, hash);
      const known = this.table[slot + 1] as number;
      // The state may hold an id twice: it ran out, and counted again before the older one was dropped.
      if (known >= 0 && (this.endingsMs[this.words[known + 1] as number] as number) >= untilMs) continue;
      this.insert(words, start, length, hash, ending, slot);
    }
    this.taken = this.end;
  }

  /**
   * Hot. Remembers the id of an event that a window counts, unless it is remembered already; false when it is, so that the
   * event is a duplicate. Some 100 ns: a place in the table that is in no cache.
   */
  add(dictionary: Dictionary, id: number, untilMs: number, watermarkMs: number): boolean {
    const { words } = dictionary;
    const start = dictionary.startOf(id) >> 2;
    const length = dictionary.lengthOf(id);
    const hash = dictionary.hash(id);
    const slot = this.slotOf(words, start, length, hash);
    const known = this.table[slot + 1] as number;
    if (known >= 0 && (this.endingsMs[this.words[known + 1] as number] as number) > watermarkMs) return false;
    this.insert(words, start, length, hash, this.endingOf(untilMs), slot);
    return true;
  }

  /** What was added since the call before; now and then forgets what ran out by `watermarkMs`. */
  takeNew(watermarkMs: number): EncodedIds[] {
    const encoded = encodeIds(this.words, this.taken, this.end).map(({ ending, bytes }) => ({
      untilMs: this.endingsMs[ending] as number,
      bytes,
    }));
    this.taken = this.end;
    const all = this.counts.reduce((sum, count) => sum + count, 0);
    const ranOut = this.counts.reduce(
      (sum, count, ending) => ((this.endingsMs[ending] as number) <= watermarkMs ? sum + count : sum),
      0,
    );
    if (ranOut > Math.max(LEAST_FORGOTTEN, all / 2)) this.forget(watermarkMs);
    return encoded;
  }

  /** Memory held. */
  get byteLength(): number {
    return this.words.byteLength + this.table.byteLength;
  }

  /** Where in the table an id is, or is to be. About one cache miss, two when it is there. */
  private slotOf(words: Int32Array, start: number, length: number, hash: number): number {
    const { table } = this;
    const mask = table.length - 1;
    for (let slot = (hash << 1) & mask; ; slot = (slot + 2) & mask) {
      const at = table[slot + 1] as number;
      if (at < 0 || (table[slot] === hash && this.holds(at, words, start, length))) return slot;
    }
  }

  private holds(at: number, words: Int32Array, start: number, length: number): boolean {
    const own = this.words;
    if (own[at] !== length) return false;
    const text = at + HEADER_WORDS;
    const whole = length >> 2;
    for (let i = 0; i < whole; i++) if (own[text + i] !== words[start + i]) return false;
    return (length & 3) === 0 || own[text + whole] === tailOf(words, start, length);
  }

  /** Appends an id and points its place in the table to it. */
  private insert(
    words: Int32Array,
    start: number,
    length: number,
    hash: number,
    ending: number,
    slot: number,
  ): void {
    const isNew = (this.table[slot + 1] as number) < 0;
    const at = this.end;
    const whole = length >> 2;
    this.end = at + HEADER_WORDS + wordsOf(length);
    if (this.end > this.words.length) this.words = widened(this.words, this.end);
    const own = this.words;
    own[at] = length;
    own[at + 1] = ending;
    const text = at + HEADER_WORDS;
    for (let i = 0; i < whole; i++) own[text + i] = words[start + i] as number;
    if ((length & 3) !== 0) own[text + whole] = tailOf(words, start, length);
    this.table[slot] = hash;
    this.table[slot + 1] = at;
    this.counts[ending] = (this.counts[ending] as number) + 1;
    if (isNew && ++this.size * 4 > this.table.length) this.growTable();
  }

  private growTable(): void {
    const { table } = this;
    this.table = new Int32Array(table.length * 2).fill(-1);
    const mask = this.table.length - 1;
    for (let from = 0; from < table.length; from += 2) {
      if ((table[from + 1] as number) < 0) continue;
      const hash = table[from] as number;
      let slot = (hash << 1) & mask;
      while ((this.table[slot + 1] as number) >= 0) slot = (slot + 2) & mask;
      this.table[slot] = hash;
      this.table[slot + 1] = table[from + 1] as number;
    }
  }

  private endingOf(untilMs: number): number {
    const place = (untilMs / 1_000) & (CACHED_ENDINGS - 1);
    if (this.cachedMs[place] === untilMs) return this.cachedNumber[place] as number;
    let number = this.numbers.get(untilMs);
    if (number === undefined) {
      number = this.endingsMs.push(untilMs) - 1;
      this.counts.push(0);
      this.numbers.set(untilMs, number);
    }
    this.cachedMs[place] = untilMs;
    this.cachedNumber[place] = number;
    return number;
  }

  /** Keeps only what has not run out. All of it was taken. */
  private forget(watermarkMs: number): void {
    const { words, end, endingsMs } = this;
    this.words = new Int32Array(FIRST_WORDS);
    this.table = new Int32Array(FIRST_WORDS).fill(-1);
    this.end = 0;
    this.size = 0;
    this.endingsMs = [];
    this.counts = [];
    this.numbers.clear();
    this.cachedMs.fill(Number.NaN);
    for (let at = 0; at < end; at += HEADER_WORDS + wordsOf(words[at] as number)) {
      const untilMs = endingsMs[words[at + 1] as number] as number;
      if (untilMs <= watermarkMs) continue;
      const length = words[at] as number;
      const start = at + HEADER_WORDS;
      const hash = hashOf(words, start, length);
      const slot = this.slotOf(words, start, length, hash);
      this.insert(words, start, length, hash, this.endingOf(untilMs), slot);
    }
    this.taken = this.end;
  }
}

/** The bytes of a text behind its last whole word, padded with zeros; what follows a text in memory is anything. */
function tailOf(words: Int32Array, start: number, length: number): number {
  return (words[start + (length >> 2)] as number) & ((1 << ((length & 3) << 3)) - 1);
}

/** As `Dictionary` has it. */
function hashOf(words: Int32Array, start: number, length: number): number {
  let hash = HASH_SEED;
  const whole = length >> 2;
  for (let i = 0; i < whole; i++) hash = mixWord(hash, words[start + i] as number);
  return mixWord(hash, (length & 3) === 0 ? 0 : tailOf(words, start, length));
}

function widened(words: Int32Array, least: number): Int32Array<ArrayBuffer> {
  const wide = new Int32Array(Math.max(words.length * 2, least));
  wide.set(words);
  return wide;
}
