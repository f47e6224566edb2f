import { compileProbe, type Probe, type TableArrays } from "./tuple-compiler.ts";

/** Read access to a table of distinct key tuples with what was counted for each; rows are 0 … size − 1. */
export interface TupleColumns {
  readonly size: number;
  /** Ids in a row. */
  readonly width: number;
  /** Row r's key is keys[r × width] … keys[r × width + width − 1]. */
  readonly keys: Int32Array;
  /** Events of each row. */
  readonly counts: Float64Array;
  /** Earliest and latest event time of each row, ms; empty in a table without times. */
  readonly minMs: Float64Array;
  readonly maxMs: Float64Array;
}

const INITIAL_ROWS = 32;
/** A table with more places for each row it had is cut back: clearing it would cost more than filling it. */
const SPARSE_PLACES = 64;

function grown<A extends Int32Array | Float64Array>(array: A, length: number): A {
  const larger = new (array.constructor as new (length: number) => A)(length);
  larger.set(array as never);
  return larger;
}

/** Groups events by tuples of ids: open addressing, linear probing, at most half full. */
export class TupleTable implements TupleColumns, TableArrays {
  size = 0;
  keys: Int32Array;
  counts = new Float64Array(INITIAL_ROWS);
  minMs: Float64Array;
  maxMs: Float64Array;
  readonly width: number;
  readonly hasTimes: boolean;
  /** Row + 1 at a key's hash, 0 where free: for compiled loops. */
  rowAt = new Int32Array(INITIAL_ROWS * 2);
  /** Places − 1. */
  mask = INITIAL_ROWS * 2 - 1;
  private readonly search: Probe;

  constructor(width: number, hasTimes: boolean) {
    this.width = width;
    this.search = compileProbe(width);
    this.hasTimes = hasTimes;
    this.keys = new Int32Array(INITIAL_ROWS * width);
    this.minMs = new Float64Array(hasTimes ? INITIAL_ROWS : 0);
    this.maxMs = new Float64Array(hasTimes ? INITIAL_ROWS : 0);
  }

  /** Row of the key at `key[start …]`, or −1. */
  find(key: Int32Array, start: number): number {
    return (this.rowAt[this.probe(key, start)] as number) - 1;
  }

  /** Row of the key at `key[start …]`; a new row counts nothing yet. */
  row(key: Int32Array, start: number): number {
    const place = this.probe(key, start);
    const found = this.rowAt[place] as number;
    return found !== 0 ? found - 1 : this.insert(key, start, place);
  }

  /** Adds what another row counted. */
  add(row: number, count: number, minMs: number, maxMs: number): void {
    this.counts[row] = (this.counts[row] as number) + count;
    if (!this.hasTimes) return;
    if (minMs < (this.minMs[row] as number)) this.minMs[row] = minMs;
    if (maxMs > (this.maxMs[row] as number)) this.maxMs[row] = maxMs;
  }

  /** Forgets all rows but keeps the memory, unless it has become much larger than what was used. */
  clear(): void {
    if (this.rowAt.length > SPARSE_PLACES * Math.max(this.size, INITIAL_ROWS)) this.cutBack();
    else this.rowAt.fill(0);
    this.size = 0;
  }

  private cutBack(): void {
    this.keys = new Int32Array(INITIAL_ROWS * this.width);
    this.counts = new Float64Array(INITIAL_ROWS);
    this.minMs = new Float64Array(this.hasTimes ? INITIAL_ROWS : 0);
    this.maxMs = new Float64Array(this.hasTimes ? INITIAL_ROWS : 0);
    this.rowAt = new Int32Array(INITIAL_ROWS * 2);
    this.mask = this.rowAt.length - 1;
  }

  /** Bytes held. */
  get byteLength(): number {
    return this.keys.byteLength + this.counts.byteLength + this.minMs.byteLength * 2 + this.rowAt.byteLength;
  }

  private probe(key: Int32Array, start: number): number {
    return this.search(this.keys, this.rowAt, this.mask, key, start);
  }

  private insert(key: Int32Array, start: number, place: number): number {
    const row = this.size++;
    if (row === this.counts.length) this.growRows();
    const base = row * this.width;
    for (let k = 0; k < this.width; k++) this.keys[base + k] = key[start + k] as number;
    this.counts[row] = 0;
    if (this.hasTimes) {
      this.minMs[row] = Number.POSITIVE_INFINITY;
      this.maxMs[row] = Number.NEGATIVE_INFINITY;
    }
    this.rowAt[place] = row + 1;
    if (this.size * 2 > this.mask) this.growPlaces();
    return row;
  }

  private growRows(): void {
    const rows = this.counts.length * 2;
    this.keys = grown(this.keys, rows * this.width);
    this.counts = grown(this.counts, rows);
    if (!this.hasTimes) return;
    this.minMs = grown(this.minMs, rows);
    this.maxMs = grown(this.maxMs, rows);
  }

  private growPlaces(): void {
    this.rowAt = new Int32Array(this.rowAt.length * 2);
    this.mask = this.rowAt.length - 1;
    for (let row = 0; row < this.size; row++) {
      this.rowAt[this.probe(this.keys, row * this.width)] = row + 1;
    }
  }
}
