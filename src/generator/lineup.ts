import { draw, keyOf } from "./mixing.ts";
import type { Visitors } from "./visitors.ts";

/** A line-up holds for ten seconds; shorter than any stay, so whoever overlaps it is on the site at its start or end. */
export const LINEUP_MS = 10_000;
const LEAST_SEATS = 256;
/** 1,000 events a second can't make more people than about this many act in ten seconds. */
const MOST_SEATS = 8_192;
/** How many visitors are asked to take a seat, and how many seats an event tries, before it falls to who is on duty. */
const MOST_INVITATIONS = 64;
export const MOST_SEATS_TRIED = 8;

/** Sets the line-ups' randomness apart from the visitors'. */
const LINEUPS_KEY = 0x6c696e65;

/**
 * Who acts. For every ten seconds a line of seats is filled with visitors who are then on the site, each seat by weight
 * and on its own; an event goes to a seat at random. So the choice among all visitors, most of whom are away, is made
 * once per seat and not once per event, and people act in bursts.
 */
export class Lineups {
  readonly seats: number;
  readonly #visitors: Visitors;
  readonly #key: number;
  readonly #shift: number;

  constructor(visitors: Visitors, seed: number) {
    const bits = Math.ceil(Math.log2(Math.min(MOST_SEATS, Math.max(LEAST_SEATS, visitors.count / 2))));
    this.seats = 2 ** bits;
    this.#shift = 32 - bits;
    this.#visitors = visitors;
    this.#key = keyOf(LINEUPS_KEY, seed);
  }

  /** Hot. The seat that a random word chooses. */
  seat(word: number): number {
    return word >>> this.#shift;
  }

  /** The visitor in a seat, given who is on the site; they are there for at least part of the ten seconds. */
  visitor(lineup: number, seat: number, isOnSite: (user: number, timeMs: number) => boolean): number {
    const key = keyOf(keyOf(this.#key, lineup), seat);
    const startMs = lineup * LINEUP_MS;
    const { activity } = this.#visitors;
    for (let invitation = 0; invitation < MOST_INVITATIONS; invitation++) {
      const user = activity.choose(draw(key, invitation));
      if (isOnSite(user, startMs) || isOnSite(user, startMs + LINEUP_MS - 1)) return user;
    }
    return this.#visitors.onDuty(startMs);
  }
}
