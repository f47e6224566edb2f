/** ms of a clock that only goes forward: for ages and rates. */
export function monotonicMs() {
  return performance.now();
}

/** What the server's clock shows, judged by the latest time that it told. */
export class ServerClock {
  /** @type {number | null} */
  #aheadMs = null;

  /** @param {number} nowMs as the server told it just now */
  tell(nowMs) {
    this.#aheadMs = nowMs - monotonicMs();
  }

  /** ms since the epoch, null before the server told any. */
  nowMs() {
    return this.#aheadMs === null ? null : monotonicMs() + this.#aheadMs;
  }
}
