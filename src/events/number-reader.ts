import { decimalText } from "./decimal.ts";
import { Dictionary } from "./dictionary.ts";
import type { IdReader } from "./field-reader.ts";
import { strictScalarEnd } from "./json-scalar.ts";
import { textOf } from "./json-tokens.ts";

/** Direct-mapped; more than the numbers of one field that come again within a moment. */
const REMEMBERED = 4_096;
/** With six places behind the point they are exact in a double, as millionths. */
const MAX_PLAIN_DIGITS = 9;
/** How many millionths the last of so many places is. */
const LAST_PLACE_MICROS = [1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1];

const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const LOWER_E = 0x65;
/** Makes `E` and `e` alike. */
const LOWER_CASE = 0x20;

/**
 * Reads one field's JSON numbers to the ids of their canonical texts. Nearly all are short decimals, whose millionths find
 * the id without a look at text, however they are written.
 */
export class NumberReader implements IdReader {
  readonly dictionary = new Dictionary();
  /** One past the number read last. */
  end = 0;
  /** Stands for a number that an event lacks; canonical. */
  private readonly preset: string | undefined;
  /** Numbers read lately, in millionths, and their ids. */
  private readonly micros = new Float64Array(REMEMBERED);
  private readonly ids = new Int32Array(REMEMBERED);

  constructor(preset: string | undefined) {
    this.preset = preset;
    this.reset();
  }

  /** Id of the preset, the same after every reset; 0 when there is none. */
  get presetId(): number {
    return this.preset === undefined ? 0 : this.dictionary.findString(this.preset);
  }

  /** Forgets all numbers. */
  reset(): void {
    this.dictionary.clear();
    this.micros.fill(Number.NaN);
    if (this.preset !== undefined) this.dictionary.internString(this.preset);
  }

  /** Hot. The id of the number at `position` if it is a short decimal that was read lately, else −1. Sets `this.end`. */
  predict(view: DataView, position: number, end: number): number {
    const micros = this.plainMicros(view, position, end);
    const place = placeOf(micros);
    return this.micros[place] === micros ? this.ids[place]! : -1;
  }

  /** The id of the number at `position`; −1 when none ends by `end`, or it is out of range. Sets `this.end`. */
  read(view: DataView, bytes: Uint8Array, position: number, end: number): number {
    const micros = this.plainMicros(view, position, end);
    if (Number.isNaN(micros)) {
      this.end = strictScalarEnd(bytes, position, end);
      return this.end < 0 ? -1 : this.idOfToken(bytes, position);
    }
    const id = isCanonical(bytes, position, this.end)
      ? this.dictionary.intern(bytes, position, this.end - position)
      : this.idOfToken(bytes, position);
    const place = placeOf(micros);
    this.micros[place] = micros;
    this.ids[place] = id;
    return id;
  }

  /** Hot. The millionths of a decimal of few digits without exponent, NaN for all else. Sets `this.end`. */
  private plainMicros(view: DataView, position: number, end: number): number {
    let at = position;
    const isNegative = at < end && view.getUint8(at) === MINUS;
    if (isNegative) at++;
    const first = at;
    let magnitude = 0;
    let digit = at < end ? view.getUint8(at) - ZERO : -1;
    while (digit >= 0 && digit <= 9) {
      magnitude = magnitude * 10 + digit;
      digit = ++at < end ? view.getUint8(at) - ZERO : -1;
    }
    const wholeDigits = at - first;
    if (wholeDigits === 0 || wholeDigits > MAX_PLAIN_DIGITS) return Number.NaN;
    if (wholeDigits > 1 && view.getUint8(first) === ZERO) return Number.NaN;
    let places = 0;
    if (digit === DOT - ZERO) {
      const point = at;
      digit = ++at < end ? view.getUint8(at) - ZERO : -1;
      while (digit >= 0 && digit <= 9) {
        magnitude = magnitude * 10 + digit;
        digit = ++at < end ? view.getUint8(at) - ZERO : -1;
      }
      places = at - point - 1;
      if (places === 0 || places >= LAST_PLACE_MICROS.length) return Number.NaN;
    }
    if (((digit + ZERO) | LOWER_CASE) === LOWER_E) return Number.NaN;
    this.end = at;
    const micros = magnitude * LAST_PLACE_MICROS[places]!;
    return isNegative ? -micros : micros;
  }

  private idOfToken(bytes: Uint8Array, start: number): number {
    const text = decimalText(textOf(bytes, start, this.end));
    return text === undefined ? -1 : this.dictionary.internString(text);
  }
}

/** Where a number is remembered. */
function placeOf(micros: number): number {
  const mixed = Math.imul(micros | 0, 0x9e3779b1) ^ Math.imul((micros / 0x100000000) | 0, 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) & (REMEMBERED - 1);
}

/** Whether a short decimal is written as its canonical text: no minus zero, no zeros at the end of a fraction. */
function isCanonical(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] === MINUS && bytes[start + 1] === ZERO) return false; // -0, and rarely more
  for (let position = start; position < end; position++) {
    if (bytes[position] === DOT) return bytes[end - 1] !== ZERO;
  }
  return true;
}
