/** Events a second over the last few seconds, from a count that only grows. */
export class RateMeter {
  readonly #windowMs: number;
  readonly #samples: { atMs: number; count: number }[] = [];

  constructor(windowMs = 3_000) {
    this.#windowMs = windowMs;
  }

  /** Takes a look at the count and returns the rate since the oldest look in the window; 0 at the first. */
  sample(count: number, atMs: number): number {
    this.#samples.push({ atMs, count });
    while (this.#samples.length > 2 && this.#samples[1]!.atMs <= atMs - this.#windowMs) this.#samples.shift();
    const oldest = this.#samples[0]!;
    return atMs <= oldest.atMs ? 0 : ((count - oldest.count) * 1_000) / (atMs - oldest.atMs);
  }
}
