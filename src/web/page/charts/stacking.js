/**
 * Values stacked on each other for painting from the back to the front: first the sum of all parts, then of all but the
 * last, and so on.
 * @param {readonly (readonly (number | null)[])[]} parts
 * @param {boolean} asShares each sum as 1
 * @returns {(number | null)[][]} as many as parts, the greatest first
 */
export function stacked(parts, asShares) {
  const points = parts[0]?.length ?? 0;
  /** @type {(number | null)[][]} */
  const sums = [];
  /** @type {number[]} */
  let below = new Array(points).fill(0);
  for (const part of parts) {
    below = below.map((sum, point) => sum + (part[point] ?? 0));
    sums.unshift(below);
  }
  if (!asShares) return sums;
  const whole = /** @type {number[]} */ (sums[0] ?? []);
  return sums.map((sum) =>
    sum.map((value, point) =>
      whole[point] ? /** @type {number} */ (value) / /** @type {number} */ (whole[point]) : null,
    ),
  );
}
