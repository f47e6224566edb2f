import { isUtf8 } from "node:buffer";
import { Dictionary, HASH_SEED, mixWord } from "./dictionary.ts";
import {
  BACKSLASH,
  decodeText,
  escapedTextEnd,
  firstSpecial,
  HIGH_BITS,
  QUOTE,
  specialBytes,
} from "./json-text.ts";

/** Direct-mapped; more than the strings of one field that take turns within a moment. */
const PREDICTIONS = 4_096;

/** Reads one field's JSON strings or numbers to dictionary ids. */
export interface IdReader {
  readonly dictionary: Dictionary;
  /** Position of the closing quote of the string read last, or one past the number. */
  readonly end: number;
  reset(): void;
  predict(view: DataView, position: number, end: number, hint: number): number;
  read(view: DataView, bytes: Uint8Array, position: number, end: number, hint: number): number;
}

/**
 * Reads one field's JSON strings to dictionary ids. Most strings were seen shortly before: a few of their bytes predict
 * the id, whose bytes are then compared, which is cheaper than finding the end and hashing. Every outcome is exact: a
 * string that is not surely valid is left to the caller's slow path.
 */
export class FieldReader implements IdReader {
  readonly dictionary = new Dictionary();
  /** Position of the closing quote of the string read last. */
  end = 0;
  /** All values the field may have, if it is an enumeration: others are not interned. */
  private readonly allowed: readonly string[] | undefined;
  /** What the field is without being read; interned first where values are free. */
  private readonly preset: string | undefined;
  private readonly predictions = new Int32Array(PREDICTIONS);
  /** Strings as they were escaped, and the ids of what they mean (−1: nothing valid). */
  private readonly escapedForms = new Dictionary();
  private readonly escapedIds: number[] = [];

  constructor({ allowed, preset }: { allowed?: readonly string[]; preset?: string | undefined } = {}) {
    this.allowed = allowed;
    this.preset = preset;
    this.reset();
  }

  /** Id of the preset text, the same after every reset; 0 when there is none. */
  get presetId(): number {
    return this.preset === undefined ? 0 : this.dictionary.findString(this.preset);
  }

  /** Forgets all strings, then interns the allowed ones in their order. */
  reset(): void {
    this.dictionary.clear();
    this.predictions.fill(-1);
    this.escapedForms.clear();
    this.escapedIds.length = 0;
    if (this.allowed !== undefined) for (const text of this.allowed) this.dictionary.internString(text);
    else if (this.preset !== undefined) this.dictionary.internString(this.preset);
  }

  /**
   * Hot. The id of the string at `position` if the prediction for `hint` is right, else −1. `end` is one past the value
   * that holds the string; 4 bytes must be readable from there. Sets `this.end`.
   */
  predict(view: DataView, position: number, end: number, hint: number): number {
    const id = this.predictions[hint & (PREDICTIONS - 1)]!;
    if (id < 0) return -1;
    const { dictionary } = this;
    const close = position + dictionary.lengthOf(id);
    if (close >= end || view.getUint8(close) !== QUOTE) return -1;
    const { words } = dictionary;
    let word = dictionary.startOf(id) >> 2;
    let at = position;
    for (; at + 4 <= close; at += 4) if (words[word++] !== view.getInt32(at, true)) return -1;
    const tailMask = (1 << ((close - at) << 3)) - 1;
    if (tailMask !== 0 && ((words[word]! ^ view.getInt32(at, true)) & tailMask) !== 0) return -1;
    this.end = close;
    return id;
  }

  /**
   * The id of the string at `position`, whatever its kind; −1 when it is empty, not allowed, or not surely a valid
   * string that ends before `end`. Sets `this.end`, and the prediction for `hint`.
   */
  read(view: DataView, bytes: Uint8Array, position: number, end: number, hint: number): number {
    let hash = HASH_SEED;
    let highBits = 0;
    let at = position;
    let word = 0;
    let special = 0;
    for (; at < end; at += 4) {
      word = view.getInt32(at, true);
      special = specialBytes(word);
      if (special !== 0) break;
      hash = mixWord(hash, word);
      highBits |= word;
    }
    if (special === 0) return -1;
    const ordinary = firstSpecial(special);
    const close = at + ordinary;
    if (close >= end) return -1;
    const byte = view.getUint8(close);
    if (byte === BACKSLASH) return this.readEscaped(bytes, position, end);
    if (byte !== QUOTE || close === position) return -1;
    const tail = word & ((1 << (ordinary << 3)) - 1);
    const isAscii = ((highBits | tail) & HIGH_BITS) === 0;
    const id = this.idOf(bytes, position, close, mixWord(hash, tail), isAscii);
    if (id < 0) return -1;
    this.predictions[hint & (PREDICTIONS - 1)] = id;
    this.end = close;
    return id;
  }

  private idOf(bytes: Uint8Array, start: number, end: number, hash: number, isAscii: boolean): number {
    const id = this.dictionary.findHashed(bytes, start, end - start, hash);
    if (id >= 0 || this.allowed !== undefined) return id;
    if (!isAscii && !isUtf8(bytes.subarray(start, end))) return -1;
    return this.dictionary.internHashed(bytes, start, end - start, hash);
  }

  /** Decodes each escaped form once; some producers escape every slash. */
  private readEscaped(bytes: Uint8Array, start: number, end: number): number {
    const close = escapedTextEnd(bytes, start, end);
    if (close < 0) return -1;
    const form = this.escapedForms.intern(bytes, start, close - start);
    if (form === this.escapedIds.length) this.escapedIds.push(this.idOfEscaped(bytes, start, close));
    this.end = close;
    return this.escapedIds[form]!;
  }

  private idOfEscaped(bytes: Uint8Array, start: number, end: number): number {
    const text = decodeText(bytes, start, end);
    return text === undefined ? -1 : this.idOfText(text);
  }

  /** The id of a decoded text; −1 when it is not allowed. */
  idOfText(text: string): number {
    return this.allowed === undefined ? this.dictionary.internString(text) : this.dictionary.findString(text);
  }
}

/** A hint from the 16 bytes at `position`; for a field with more of the record behind it. */
export function hintOf(view: DataView, position: number): number {
  const hint =
    Math.imul(view.getInt32(position, true), 0x9e3779b1) ^
    Math.imul(view.getInt32(position + 4, true), 0x85ebca6b) ^
    Math.imul(view.getInt32(position + 8, true), 0xc2b2ae35) ^
    Math.imul(view.getInt32(position + 12, true), 0x27d4eb2f);
  return hint ^ (hint >>> 15);
}

/** A hint from the 4 bytes at `position` and the 4 at `last`; for a record's last field, behind which is nothing. */
export function lastHintOf(view: DataView, position: number, last: number): number {
  const hint =
    Math.imul(view.getInt32(position, true), 0x9e3779b1) ^ Math.imul(view.getInt32(last, true), 0x85ebca6b);
  return hint ^ (hint >>> 15);
}
