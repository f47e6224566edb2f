import { below, draw, keyOf } from "./mixing.ts";
import { checkGeneratorSettings, type GeneratorSettings } from "./settings.ts";

/** Sets the events' randomness apart from the visitors'. */
const EVENTS_KEY = 0x65766e74;

/** What is asked about an event; who acts is asked from `FIRST_SEAT` on, once for every attempt. */
const FATE = 0;
const DELAY = 1;
const REPEATS = 2;
export const ID = 3;
export const SECOND_ID = 4;
export const ACTION = 5;
export const BREAKAGE = 6;
export const FIRST_SEAT = 8;

/** Late events arrive 10 to 25 minutes after they happened: past the default watermark delay, most past any window. */
export const LEAST_LATE_MS = 600_000;
export const GREATEST_LATE_MS = 1_500_000;

/** A repeat repeats one of this many events before it. */
export const REPEAT_REACH = 64;

/** What becomes of an event on its way: at most one of these befalls it. */
export type Fate = "punctual" | "late" | "broken" | "repeat";

/** Decides what becomes of events: which are late, broken or repeats of others, and how late they arrive. */
export class EventFates {
  /** Fates below the first are repeats, below the second broken, below the third late. */
  readonly #repeatBelow: number;
  readonly #brokenBelow: number;
  readonly #lateBelow: number;
  readonly #outOfOrderMs: number;
  readonly #key: number;

  /** @throws UsageError that names the first impossible setting. */
  constructor(settings: GeneratorSettings) {
    checkGeneratorSettings(settings);
    const { seed, duplicateShare, brokenShare, lateShare, outOfOrderMs } = settings;
    this.#repeatBelow = duplicateShare * 4294967296;
    this.#brokenBelow = (duplicateShare + brokenShare) * 4294967296;
    this.#lateBelow = (duplicateShare + brokenShare + lateShare) * 4294967296;
    this.#outOfOrderMs = outOfOrderMs;
    this.#key = keyOf(EVENTS_KEY, seed);
  }

  /** The randomness of event `n`. */
  keyOf(n: number): number {
    return keyOf(this.#key, n);
  }

  /** Hot. Whether nothing befalls the event but the usual disorder. */
  isPunctual(key: number): boolean {
    return draw(key, FATE) >>> 0 >= this.#lateBelow;
  }

  /** What becomes of the event; event 0 and its like never repeat anything. */
  fate(key: number, n: number): Fate {
    const word = draw(key, FATE) >>> 0;
    if (word < this.#repeatBelow && n >= repeatDistance(key)) return "repeat";
    if (word >= this.#repeatBelow && word < this.#brokenBelow) return "broken";
    return word >= this.#brokenBelow && word < this.#lateBelow ? "late" : "punctual";
  }

  /** The event that `n` repeats, itself no repeat; `n` when it is none. */
  original(n: number): number {
    let number = n;
    for (;;) {
      const key = this.keyOf(number);
      if (this.fate(key, number) !== "repeat") return number;
      number -= repeatDistance(key);
    }
  }

  /** Hot. How long after it happened an event that is not late arrives, ms. */
  disorderMs(key: number): number {
    return below(draw(key, DELAY), this.#outOfOrderMs + 1);
  }

  /** How long after it happened a late event arrives, ms. */
  latenessMs(key: number): number {
    return LEAST_LATE_MS + below(draw(key, DELAY), GREATEST_LATE_MS - LEAST_LATE_MS + 1);
  }
}

function repeatDistance(key: number): number {
  return 1 + below(draw(key, REPEATS), REPEAT_REACH);
}
