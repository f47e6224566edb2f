import { unit } from "./mixing.ts";

/**
 * Weighted choice among many outcomes by one random word (Vose's alias method): every outcome shares its column with at
 * most one other, so a choice is one multiplication, one comparison and, for some, one more load.
 */
export class AliasTable {
  /** How much of the column belongs to the outcome itself, 0…1. */
  readonly own: Float64Array;
  /** Whom the rest of the column belongs to. */
  readonly other: Int32Array;

  constructor(weights: Float64Array) {
    const count = weights.length;
    const mean = weights.reduce((sum, weight) => sum + weight, 0) / count;
    this.own = weights.map((weight) => weight / mean);
    this.other = Int32Array.from(weights, (_, outcome) => outcome);
    const poor: number[] = [];
    const rich: number[] = [];
    for (let outcome = 0; outcome < count; outcome++) (this.own[outcome]! < 1 ? poor : rich).push(outcome);
    while (poor.length > 0 && rich.length > 0) {
      const receiver = poor.pop()!;
      const giver = rich.at(-1)!;
      this.other[receiver] = giver;
      this.own[giver]! -= 1 - this.own[receiver]!;
      if (this.own[giver]! < 1) poor.push(rich.pop()!);
    }
    // What rounding left over owns its whole column.
    for (const outcome of [...poor, ...rich]) this.own[outcome] = 1;
  }

  /** Hot. The outcome that a random word chooses. */
  choose(word: number): number {
    const position = unit(word) * this.own.length;
    const column = Math.floor(position);
    return position - column < this.own[column]! ? column : this.other[column]!;
  }
}
