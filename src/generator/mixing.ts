/**
 * Chance as a function: the same question always gets the same answer, in any order and without any state. This is what
 * lets the generator compute event n without its predecessors.
 */

/** A bijection of 32-bit words in which every input bit flips about half of the output bits (Wellons' lowbias32). */
export function mix32(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return mixed ^ (mixed >>> 15);
}

/** The 32 random bits of question number `question` under `key`. */
export function draw(key: number, question: number): number {
  return mix32((key + Math.imul(question, 0x9e3779b9)) | 0);
}

/** The key of whole number `n` (below 2⁵³) under `key`. */
export function keyOf(key: number, n: number): number {
  return mix32(mix32((n | 0) ^ key) + Math.floor(n / 4294967296));
}

/** The random word as a number in [0, 1). */
export function unit(word: number): number {
  return (word >>> 0) / 4294967296;
}

/** The random word as a whole number in [0, bound). */
export function below(word: number, bound: number): number {
  return Math.floor(((word >>> 0) / 4294967296) * bound);
}
