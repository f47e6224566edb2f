import { SLOT_MS, type Stay, type Visitors } from "./visitors.ts";
import { phaseOf, walk } from "./walk.ts";

/** Slots of one visitor that are remembered: late events reach two back, and don't push out the current one. */
const SLOTS = 4;
/** 32,768 stays take up to 60 MB. Visitors past 8,192 share them, which costs time but changes nothing else. */
const MOST_LINES = 32_768;
const SECONDS = SLOT_MS / 1_000;
const UNTOLD = 255;

/** The words of a line of `StayCache.times`. */
export const TIMES_WORDS = 4;
export const STARTS = 2;
export const ENDS = 3;

/** In the word of a second the page stands below the phase. */
const PHASE_SHIFT = 14;
const PAGE_MASK = (1 << PHASE_SHIFT) - 1;

/**
 * Remembers stays on the site as flat arrays, a line each, because all but a few of the questions about a stay are asked
 * again. When a stay is first asked for its times are filled in, when its first event is written the rest.
 */
export class StayCache {
  /**
   * Four words a line: the visitor, the slot, and when the stay begins and ends, ms from the start of the slot (both 0
   * when the visitor does not come). Together because they are looked at together, a few times for every event.
   */
  readonly times: Int32Array;
  /** What every event of the stay says of visitor and session: `headLength` bytes at `line * headStride`. */
  readonly heads: DataView;
  readonly headLength: number;
  readonly headStride: number;
  readonly #profiles: Uint8Array;
  readonly #seconds: Uint16Array;
  readonly #mask: number;
  readonly #visitors: Visitors;
  readonly #head: (userId: string, sessionId: string) => string;

  constructor(visitors: Visitors, head: (userId: string, sessionId: string) => string) {
    const lines = Math.min(MOST_LINES, 2 ** Math.ceil(Math.log2(visitors.count * SLOTS)));
    const example = visitors.stay(0, 0)!;
    this.#visitors = visitors;
    this.#head = head;
    this.#mask = lines - 1;
    this.times = new Int32Array(lines * TIMES_WORDS).fill(-1);
    this.#profiles = new Uint8Array(lines);
    this.#seconds = new Uint16Array(lines * SECONDS);
    this.headLength = Buffer.byteLength(head(visitors.userId(0), visitors.session(example).id));
    this.headStride = (this.headLength + 7) & ~7;
    this.heads = new DataView(new ArrayBuffer(lines * this.headStride));
  }

  /** Hot. The line of the visitor's slot. */
  line(user: number, slot: number): number {
    const line = (user * SLOTS + (slot & (SLOTS - 1))) & this.#mask;
    const times = line * TIMES_WORDS;
    if (this.times[times] !== user || this.times[times + 1] !== slot) this.#rememberTimes(line, user, slot);
    return line;
  }

  /** Whether the visitor is on the site at an instant. */
  isOnSite(user: number, timeMs: number): boolean {
    const slot = this.#visitors.slotAt(user, timeMs);
    const times = this.line(user, slot) * TIMES_WORDS;
    const withinSlotMs = timeMs + this.#visitors.phaseMs[user]! - slot * SLOT_MS;
    return withinSlotMs >= this.times[times + STARTS]! && withinSlotMs < this.times[times + ENDS]!;
  }

  /** Hot. Index into `PROFILES`; to be asked before `heads` and `second` of a line. */
  profile(line: number): number {
    if (this.#profiles[line] === UNTOLD) this.#rememberDoings(line);
    return this.#profiles[line]!;
  }

  /** Hot. What the visitor sees in a second of the stay: page and phase in one word. */
  second(line: number, second: number): number {
    return this.#seconds[line * SECONDS + second]!;
  }

  #rememberTimes(line: number, user: number, slot: number): void {
    const stay = this.#visitors.stay(user, slot);
    const slotStartMs = slot * SLOT_MS - this.#visitors.phaseMs[user]!;
    const startMs = stay === undefined ? 0 : stay.startMs - slotStartMs;
    const endMs = stay === undefined ? 0 : stay.endMs - slotStartMs;
    this.times.set([user, slot, startMs, endMs], line * TIMES_WORDS);
    this.#profiles[line] = UNTOLD;
  }

  #rememberDoings(line: number): void {
    const stay = this.#visitors.stay(this.times[line * TIMES_WORDS]!, this.times[line * TIMES_WORDS + 1]!)!;
    const { id, profile } = this.#visitors.session(stay);
    this.#profiles[line] = profile;
    Buffer.from(this.heads.buffer).write(
      this.#head(this.#visitors.userId(stay.user), id),
      line * this.headStride,
    );
    this.#rememberWalk(line, stay);
  }

  #rememberWalk(line: number, stay: Stay): void {
    const first = line * SECONDS;
    for (const visit of walk(stay)) {
      const end = Math.min(visit.endSecond, SECONDS);
      for (let second = visit.startSecond; second < end; second++) {
        this.#seconds[first + second] = visit.page | (phaseOf(visit, second) << PHASE_SHIFT);
      }
    }
  }
}

/** Hot. The page in the word of a second. */
export function pageOf(second: number): number {
  return second & PAGE_MASK;
}

/** Hot. The phase in the word of a second. */
export function phaseIn(second: number): number {
  return second >>> PHASE_SHIFT;
}
