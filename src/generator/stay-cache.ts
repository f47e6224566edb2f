import { SLOT_MS, type Stay, type Visitors } from "./visitors.ts";
import { phaseOf, walk } from "./walk.ts";

/** Slots of one visitor that are remembered: late events reach two back, and don't push out the current one. */
const SLOTS = 4;
/** 32,768 stays take up to 60 MB. Visitors past 8,192 share them, which costs time but changes nothing else. */
const MOST_LINES = 32_768;
const SECONDS = SLOT_MS / 1_000;
const UNTOLD = 255;

/** In the word of a second the page stands below the phase. */
const PHASE_SHIFT = 14;
const PAGE_MASK = (1 << PHASE_SHIFT) - 1;

/**
 * Remembers stays on the site as flat arrays, a line each, because all but a few of the questions about a stay are asked
 * again. When a stay is first asked for its times are filled in, when its first event is written the rest.
 */
export class StayCache {
  /** By line: when the stay begins and ends, ms from the start of its slot. Both 0 when the visitor does not come. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** What every event of the stay says of visitor and session: `headLength` bytes at `line * headStride`. */
  readonly heads: DataView;
  readonly headLength: number;
  readonly headStride: number;
  readonly #profiles: Uint8Array;
  readonly #seconds: Uint16Array;
  readonly #users: Int32Array;
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly #visitors: Visitors;
  readonly #head: (userId: string, sessionId: string) => string;

  constructor(visitors: Visitors, head: (userId: string, sessionId: string) => string) {
    const lines = Math.min(MOST_LINES, 2 ** Math.ceil(Math.log2(visitors.count * SLOTS)));
    const example = visitors.stay(0, 0)!;
    this.#visitors = visitors;
    this.#head = head;
    this.#mask = lines - 1;
    this.#users = new Int32Array(lines).fill(-1);
    this.#slots = new Int32Array(lines);
    this.starts = new Int32Array(lines);
    this.ends = new Int32Array(lines);
    this.#profiles = new Uint8Array(lines);
    this.#seconds = new Uint16Array(lines * SECONDS);
    this.headLength = Buffer.byteLength(head(visitors.userId(0), visitors.session(example).id));
    this.headStride = (this.headLength + 7) & ~7;
    this.heads = new DataView(new ArrayBuffer(lines * this.headStride));
  }

  /** Hot. The line of the visitor's slot. */
  line(user: number, slot: number): number {
    const line = (user * SLOTS + (slot & (SLOTS - 1))) & this.#mask;
    if (this.#users[line] !== user || this.#slots[line] !== slot) this.#rememberTimes(line, user, slot);
    return line;
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
    this.#users[line] = user;
    this.#slots[line] = slot;
    this.starts[line] = stay === undefined ? 0 : stay.startMs - slotStartMs;
    this.ends[line] = stay === undefined ? 0 : stay.endMs - slotStartMs;
    this.#profiles[line] = UNTOLD;
  }

  #rememberDoings(line: number): void {
    const stay = this.#visitors.stay(this.#users[line]!, this.#slots[line]!)!;
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
