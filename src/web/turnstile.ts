import { HttpProblem } from "./problems.ts";

const AT_ONCE = 4;
const WAITING = 32;

/** Lets in a few questions to the history at a time, so that many of them slow each other and nothing else. */
export class Turnstile {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** Runs `work` when there is room. @throws HttpProblem BUSY when too many wait already; what `work` throws */
  async pass<R>(work: () => Promise<R>): Promise<R> {
    if (this.running >= AT_ONCE) {
      if (this.waiting.length >= WAITING) {
        throw new HttpProblem(
          "BUSY",
          `${AT_ONCE + WAITING} questions are being answered already; try again in a second.`,
        );
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.running++;
    }
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next();
    }
  }
}
