import { ARRIVING, LEAVING, READING } from "./behaviour.ts";
import { SLOT_MS, type Visitors } from "./visitors.ts";
import { walk } from "./walk.ts";

/** Slots of one visitor that are remembered, as long as there is room: late events reach two back. */
const SLOTS = 4;
/** 60 MB. Far more sessions than are open at once with 10,000 visitors; past that some are made again. */
const MOST_LINES = 32_768;
const SECONDS = SLOT_MS / 1_000;

/** In the word of a second the page stands below the phase. */
const PHASE_SHIFT = 14;
const PAGE_MASK = (1 << PHASE_SHIFT) - 1;

/** Remembers what the events of a session have in common and what its visitor sees in every second, as flat arrays. */
export class SessionCache {
  /** What events say of visitor and session: `headLength` bytes at `line * headStride`. */
  readonly heads: DataView;
  readonly headLength: number;
  readonly headStride: number;
  readonly #visitors: Visitors;
  readonly #head: (userId: string, sessionId: string) => string;
  readonly #mask: number;
  readonly #users: Int32Array;
  readonly #slots: Int32Array;
  readonly #profiles: Uint8Array;
  readonly #seconds: Uint16Array;
  readonly #headBytes: Buffer;

  /** @param head makes the text that events say of visitor and session; as long for each of them */
  constructor(visitors: Visitors, head: (userId: string, sessionId: string) => string) {
    const lines = Math.min(MOST_LINES, 2 ** Math.ceil(Math.log2(visitors.count * SLOTS)));
    const exampleId = visitors.session(visitors.stay(0, 0)!).id;
    this.#visitors = visitors;
    this.#head = head;
    this.#mask = lines - 1;
    this.#users = new Int32Array(lines).fill(-1);
    this.#slots = new Int32Array(lines);
    this.#profiles = new Uint8Array(lines);
    this.#seconds = new Uint16Array(lines * SECONDS);
    this.headLength = Buffer.byteLength(head(visitors.userId(0), exampleId));
    this.headStride = (this.headLength + 7) & ~7;
    this.#headBytes = Buffer.alloc(lines * this.headStride);
    this.heads = new DataView(this.#headBytes.buffer, this.#headBytes.byteOffset, this.#headBytes.length);
  }

  /** Hot. The line of the session that the visitor has in a slot; valid until another line is asked for. */
  line(user: number, slot: number): number {
    const line = (user * SLOTS + (slot & (SLOTS - 1))) & this.#mask;
    if (this.#users[line] !== user || this.#slots[line] !== slot) this.#remember(line, user, slot);
    return line;
  }

  /** Hot. Device and browser: an index into `PROFILES`. */
  profile(line: number): number {
    return this.#profiles[line]!;
  }

  /** Hot. What the visitor sees in a second of the stay: page and phase in one word. */
  second(line: number, second: number): number {
    return this.#seconds[line * SECONDS + second]!;
  }

  #remember(line: number, user: number, slot: number): void {
    const stay = this.#visitors.stay(user, slot)!;
    const { id, profile } = this.#visitors.session(stay);
    this.#users[line] = user;
    this.#slots[line] = slot;
    this.#profiles[line] = profile;
    this.#headBytes.write(this.#head(this.#visitors.userId(user), id), line * this.headStride, "latin1");
    const first = line * SECONDS;
    for (const { page, startSecond, endSecond } of walk(stay)) {
      const end = first + Math.min(endSecond, SECONDS);
      this.#seconds.fill(page | (READING << PHASE_SHIFT), first + startSecond, end);
      this.#seconds[first + startSecond] = page | (ARRIVING << PHASE_SHIFT);
      if (endSecond <= SECONDS) this.#seconds[end - 1] = page | (LEAVING << PHASE_SHIFT);
    }
  }
}

/** Hot. The page in the word of a second. */
export function pageIn(second: number): number {
  return second & PAGE_MASK;
}

/** Hot. The phase in the word of a second. */
export function phaseIn(second: number): number {
  return second >>> PHASE_SHIFT;
}
