import type { Visitors } from "./visitors.ts";

/** Slots of one visitor that are remembered: late events reach two back, and don't push out the current one. */
const SLOTS = 4;
/** 16 MB, enough for 262,144 visitors; more of them share lines, which costs time but changes nothing else. */
const MOST_LINES = 1 << 20;

const WORDS = 4;
const USER = 0;
const SLOT = 1;
const START = 2;
const END = 3;

/**
 * Remembers when visitors are on the site, because that is asked again and again: a line of four words for every
 * (visitor, slot), together because they are looked at together.
 */
export class StayTimes {
  readonly #visitors: Visitors;
  readonly #mask: number;
  /** Visitor, slot, and the stay's start and end in ms from the slot's start; both 0 when the visitor does not come. */
  readonly #lines: Int32Array;

  constructor(visitors: Visitors) {
    const lines = Math.min(MOST_LINES, 2 ** Math.ceil(Math.log2(visitors.count * SLOTS)));
    this.#visitors = visitors;
    this.#mask = lines - 1;
    this.#lines = new Int32Array(lines * WORDS).fill(-1);
  }

  /**
   * Hot. How long the visitor has been on the site when `withinSlotMs` of a slot of theirs have passed, ms; negative when
   * they are away.
   */
  sinceStart(user: number, slot: number, withinSlotMs: number): number {
    const line = ((user * SLOTS + (slot & (SLOTS - 1))) & this.#mask) * WORDS;
    const lines = this.#lines;
    if (lines[line + USER] !== user || lines[line + SLOT] !== slot) this.#remember(line, user, slot);
    return withinSlotMs < lines[line + END]! ? withinSlotMs - lines[line + START]! : -1;
  }

  /** Whether the visitor is on the site at an instant. */
  isOnSite(user: number, timeMs: number): boolean {
    const slot = this.#visitors.slotAt(user, timeMs);
    return this.sinceStart(user, slot, timeMs - this.#visitors.slotStartMs(user, slot)) >= 0;
  }

  #remember(line: number, user: number, slot: number): void {
    const stay = this.#visitors.stay(user, slot);
    const slotStartMs = this.#visitors.slotStartMs(user, slot);
    this.#lines[line + USER] = user;
    this.#lines[line + SLOT] = slot;
    this.#lines[line + START] = stay === undefined ? 0 : stay.startMs - slotStartMs;
    this.#lines[line + END] = stay === undefined ? 0 : stay.endMs - slotStartMs;
  }
}
