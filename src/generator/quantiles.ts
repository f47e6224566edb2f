/**
 * A table in which outcome i takes a share of the cells in proportion to `weights[i]`, so that a random cell is a
 * weighted choice. Shares are exact to one cell; an outcome far below one cell may get none.
 */
export function quantileTable(weights: readonly number[], cells: number): Uint16Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const table = new Uint16Array(cells);
  let cumulative = 0;
  let cell = 0;
  for (const [outcome, weight] of weights.entries()) {
    cumulative += weight;
    const end = outcome === weights.length - 1 ? cells : Math.round((cumulative / total) * cells);
    table.fill(outcome, cell, end);
    cell = Math.max(cell, end);
  }
  return table;
}
