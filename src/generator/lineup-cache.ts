import type { Lineups } from "./lineup.ts";

/** Three quarters of an hour of line-ups, so that late events find theirs and don't push out the current ones. */
const REMEMBERED = 256;
const UNKNOWN = -1;

/** Remembers who sits where in the last line-ups; 0.5 MB for 1,000 visitors, at most 8 MB. */
export class LineupCache {
  readonly #lineups: Lineups;
  readonly #isOnSite: (user: number, timeMs: number) => boolean;
  readonly #seats: number;
  readonly #numbers = new Float64Array(REMEMBERED).fill(UNKNOWN);
  readonly #visitors: Int32Array;

  constructor(lineups: Lineups, isOnSite: (user: number, timeMs: number) => boolean) {
    this.#lineups = lineups;
    this.#isOnSite = isOnSite;
    this.#seats = lineups.seats;
    this.#visitors = new Int32Array(REMEMBERED * this.#seats);
  }

  /** Hot. The visitor in a seat. */
  visitor(lineup: number, seat: number): number {
    const line = lineup % REMEMBERED;
    if (this.#numbers[line] !== lineup) this.#forget(line, lineup);
    const place = line * this.#seats + seat;
    if (this.#visitors[place] === UNKNOWN) {
      this.#visitors[place] = this.#lineups.visitor(lineup, seat, this.#isOnSite);
    }
    return this.#visitors[place]!;
  }

  #forget(line: number, lineup: number): void {
    this.#numbers[line] = lineup;
    this.#visitors.fill(UNKNOWN, line * this.#seats, (line + 1) * this.#seats);
  }
}
