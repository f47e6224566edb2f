import { approximateMicros, microsOf, microsText } from "../events/decimal.ts";
import type { Dictionary } from "../events/dictionary.ts";

/** The numbers behind the ids of a field. */
export class FieldNumbers {
  /** Millionths by id; those that are no safe integers are not exact. */
  readonly micros: Float64Array;
  private readonly dictionary: Dictionary;

  constructor(dictionary: Dictionary) {
    this.dictionary = dictionary;
    this.micros = new Float64Array(dictionary.size);
    for (let id = 0; id < this.micros.length; id++) {
      const [start, length] = [dictionary.startOf(id), dictionary.lengthOf(id)];
      this.micros[id] = approximateMicros(dictionary.arena, start, length);
    }
  }

  /** The number of an id as canonical text. */
  text(id: number): string {
    return this.dictionary.text(id);
  }

  /** Whether a number is less than another. */
  isLess(id: number, other: number): boolean {
    const [micros, otherMicros] = [this.micros[id] as number, this.micros[other] as number];
    if (Number.isSafeInteger(micros) && Number.isSafeInteger(otherMicros)) return micros < otherMicros;
    return microsOf(this.text(id)) < microsOf(this.text(other));
  }
}

/** Rows of a table by a number field and the fields of a query's groups. */
export interface NumberRows {
  /** The number's id in each row. */
  readonly ids: Int32Array;
  /** Events of each row. */
  readonly counts: Float64Array;
  /** The group of each row. */
  readonly groupOf: Int32Array;
  /** How many groups there are. */
  readonly groups: number;
}

/**
 * The exact sum of each group as decimal text. Some 10 ns a row: millionths are added as doubles, which is exact below 2⁵³
 * (9 billion), and what lies beyond as big integers.
 */
export function sumsOf(numbers: FieldNumbers, { ids, counts, groupOf, groups }: NumberRows): string[] {
  const safe = new Float64Array(groups);
  const beyond = new Map<number, bigint>();
  for (let row = 0; row < ids.length; row++) {
    const [id, group, count] = [ids[row] as number, groupOf[row] as number, counts[row] as number];
    const product = (numbers.micros[id] as number) * count;
    const total = (safe[group] as number) + product;
    if (Number.isSafeInteger(product) && Number.isSafeInteger(total)) safe[group] = total;
    else beyond.set(group, (beyond.get(group) ?? 0n) + microsOf(numbers.text(id)) * BigInt(count));
  }
  return Array.from(safe, (micros, group) => microsText(BigInt(micros) + (beyond.get(group) ?? 0n)));
}

/** The least number of each group as decimal text. */
export function leastOf(numbers: FieldNumbers, rows: NumberRows): string[] {
  return extremesOf(numbers, rows, (id, known) => numbers.isLess(id, known));
}

/** The greatest number of each group as decimal text. */
export function greatestOf(numbers: FieldNumbers, rows: NumberRows): string[] {
  return extremesOf(numbers, rows, (id, known) => numbers.isLess(known, id));
}

function extremesOf(
  numbers: FieldNumbers,
  { ids, groupOf, groups }: NumberRows,
  beats: (id: number, known: number) => boolean,
): string[] {
  const best = new Int32Array(groups).fill(-1);
  for (let row = 0; row < ids.length; row++) {
    const [id, group] = [ids[row] as number, groupOf[row] as number];
    const known = best[group] as number;
    if (known === -1 || beats(id, known)) best[group] = id;
  }
  return Array.from(best, (id) => numbers.text(id));
}
