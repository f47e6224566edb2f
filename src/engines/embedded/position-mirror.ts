import type { Clock } from "../../core/clock.ts";

/** What a mirror of positions works with. */
export interface PositionMirrorOptions {
  clock: Clock;
  /** Takes the next offsets to read, by partition. May take long, may fail. */
  target: { commit(positions: ReadonlyMap<number, number>): Promise<void>; close(): void };
  /** Told once, of the first failure. */
  onFailure(reason: string): void;
}

const EVERY_MS = 1_000;
const AFTER_FAILURE_MS = 60_000;
/** Longer than the restart of a broker. */
const PATIENCE_MS = 30_000;
/** Kafka forgets offsets of a group that nobody commits to, after days by default. */
const REFRESH_MS = 600_000;
/** The end of a run waits no longer for what is only shown. */
const LAST_SEND_MS = 2_000;

/**
 * Shows the committed positions to tools that look at consumer groups: in the background, at most once a second, always
 * the newest. The positions that count are those of the state.
 */
export class PositionMirror {
  private readonly options: PositionMirrorOptions;
  private readonly closing = new AbortController();
  private newest: ReadonlyMap<number, number> | undefined;
  private shown = "";
  private shownAtMs = Number.NEGATIVE_INFINITY;
  private hasFailed = false;
  private work: Promise<void> | undefined;

  constructor(options: PositionMirrorOptions) {
    this.options = options;
  }

  /** Takes the positions of a commit; returns at once and never throws. */
  show(positions: ReadonlyMap<number, number>): void {
    const text = JSON.stringify([...positions]);
    if (text === this.shown && this.options.clock.monotonicMs() - this.shownAtMs < REFRESH_MS) return;
    this.newest = positions;
    this.work ??= this.sendAll();
  }

  /** Shows the last positions if that does not take long. */
  async close(): Promise<void> {
    this.closing.abort();
    const timeIsUp = new AbortController();
    await Promise.race([this.work, this.options.clock.sleep(LAST_SEND_MS, timeIsUp.signal)]);
    timeIsUp.abort();
    this.options.target.close();
  }

  private async sendAll(): Promise<void> {
    while (this.newest !== undefined) {
      const positions = this.newest;
      this.newest = undefined;
      const delayMs = (await this.send(positions)) ? EVERY_MS : AFTER_FAILURE_MS;
      await this.options.clock.sleep(delayMs, this.closing.signal);
    }
    this.work = undefined;
  }

  private async send(positions: ReadonlyMap<number, number>): Promise<boolean> {
    const { clock, target } = this.options;
    const answered = new AbortController();
    void clock.sleep(PATIENCE_MS, answered.signal).then(() => {
      if (!answered.signal.aborted) this.fail("Kafka has not taken them for a while.");
    });
    try {
      await target.commit(positions);
      this.shown = JSON.stringify([...positions]);
      this.shownAtMs = clock.monotonicMs();
      return true;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (!this.closing.signal.aborted) this.fail(error.message);
      return false;
    } finally {
      answered.abort();
    }
  }

  private fail(reason: string): void {
    if (!this.hasFailed) this.options.onFailure(reason);
    this.hasFailed = true;
  }
}
