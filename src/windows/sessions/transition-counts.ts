/** How often one page followed another. */
export class TransitionCounts {
  private readonly counts = new Map<string, Map<string, number>>();
  /** Pairs of pages. */
  size = 0;

  add(from: string, to: string, count: number): void {
    let targets = this.counts.get(from);
    if (targets === undefined) {
      targets = new Map();
      this.counts.set(from, targets);
    }
    const known = targets.get(to);
    if (known === undefined) this.size++;
    targets.set(to, (known ?? 0) + count);
  }

  addAll(other: TransitionCounts): void {
    for (const [from, to, count] of other.entries()) this.add(from, to, count);
  }

  *entries(): Generator<[from: string, to: string, count: number]> {
    for (const [from, targets] of this.counts) {
      for (const [to, count] of targets) yield [from, to, count];
    }
  }
}
