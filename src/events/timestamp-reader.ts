import { QUOTE } from "./json-text.ts";
import { MAX_TIME_MS, minuteMs, restOfMinuteMs, timeWithin } from "./timestamp.ts";

/** Length of `YYYY-MM-DDThh:mm:ssZ` and of the longest timestamp, nine digits and an offset. */
const SHORTEST = 20;
const LONGEST = 35;
const MAX_NUMBER_DIGITS = 15;

/** Reads event times from bytes. Remembers the last minute, in which most of the next events are. */
export class TimestampReader {
  /** Start of the remembered minute, ms since the epoch; never before it. */
  minuteMs = 0;
  /** The time read last by `read` or `readNumber`, ms since the epoch. */
  timeMs = 0;
  /** The 16 bytes of the remembered minute. */
  private word0 = 0;
  private word1 = 0;
  private word2 = 0;
  private word3 = 0;

  constructor() {
    const epoch = new TextEncoder().encode("1970-01-01T00:00");
    this.remember(new DataView(epoch.buffer), 0, 0);
  }

  /**
   * Hot. What a text of exactly the remembered minute and `:ss.mmmZ` at `position` adds to that minute, ms; −1 for any
   * other text, also for a good one. The caller checks the closing quote at `position + 24`.
   */
  msOfMinute(view: DataView, position: number, end: number): number {
    if (position + 24 > end || !this.isRemembered(view, position)) return -1;
    const seconds = view.getInt32(position + 16, true);
    const millis = view.getInt32(position + 20, true);
    // The bytes `:dd.` and `dddZ` with each d in 0x30–0x3f.
    if ((seconds & 0xfff0f0ff) !== 0x2e30303a || (millis & 0xfff0f0f0) !== 0x5a303030) return -1;
    const a = (seconds >>> 8) & 15;
    const b = (seconds >>> 16) & 15;
    const c = millis & 15;
    const d = (millis >>> 8) & 15;
    const e = (millis >>> 16) & 15;
    if (a > 5 || b > 9 || c > 9 || d > 9 || e > 9) return -1;
    return a * 10_000 + b * 1_000 + c * 100 + d * 10 + e;
  }

  /**
   * Reads any timestamp whose text starts at `position`. Returns the position of its closing quote and sets `timeMs`;
   * −1 when it is no timestamp. 16 bytes must be readable from `end` on.
   */
  read(view: DataView, bytes: Uint8Array, position: number, end: number): number {
    let close = position + SHORTEST;
    while (close < end && close <= position + LONGEST && bytes[close] !== QUOTE) close++;
    if (close >= end || bytes[close] !== QUOTE) return -1;
    const known = this.isRemembered(view, position);
    const minute = known ? this.minuteMs : minuteMs(bytes, position);
    const timeMs = timeWithin(minute + restOfMinuteMs(bytes, position + 16, close));
    if (Number.isNaN(timeMs)) return -1;
    if (!known && minute >= 0) this.remember(view, position, minute);
    this.timeMs = timeMs;
    return close;
  }

  /**
   * Reads milliseconds in plain digits. Returns one past the last digit and sets `timeMs`; −1 when there is anything
   * but an integer in range.
   */
  readNumber(view: DataView, position: number, end: number): number {
    let timeMs = 0;
    let at = position;
    for (; at < end; at++) {
      const digit = view.getUint8(at) - 0x30;
      if (digit < 0 || digit > 9) break;
      timeMs = timeMs * 10 + digit;
    }
    const digits = at - position;
    const hasLeadingZero = digits > 1 && view.getUint8(position) === 0x30;
    if (digits === 0 || digits > MAX_NUMBER_DIGITS || hasLeadingZero || timeMs > MAX_TIME_MS) return -1;
    this.timeMs = timeMs;
    return at;
  }

  private isRemembered(view: DataView, position: number): boolean {
    return (
      view.getInt32(position + 12, true) === this.word3 &&
      view.getInt32(position + 8, true) === this.word2 &&
      view.getInt32(position + 4, true) === this.word1 &&
      view.getInt32(position, true) === this.word0
    );
  }

  private remember(view: DataView, position: number, minute: number): void {
    this.minuteMs = minute;
    this.word0 = view.getInt32(position, true);
    this.word1 = view.getInt32(position + 4, true);
    this.word2 = view.getInt32(position + 8, true);
    this.word3 = view.getInt32(position + 12, true);
  }
}
