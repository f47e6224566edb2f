import type { Clock } from "../../core/clock.ts";
import { ClickstreamError } from "../../core/errors.ts";
import { MANIFEST_FORMAT, type Manifest } from "../../sinks/manifest.ts";
import type { Sink } from "../../sinks/sink.ts";
import { type EncodedSlot, OpenWindows, type SlotKey, type WindowEnd } from "../../windows/open-windows.ts";
import type { TopRows } from "../../windows/top-rows.ts";
import { groupByWindows } from "../../windows/window-groups.ts";
import { finalFloors, idleFloors } from "./floors.ts";
import type { DeadLetter, EngineWorker, Flush, FlushRequest } from "./flush.ts";
import { Outbox } from "./outbox.ts";
import { PartitionLedger } from "./partition-ledger.ts";
import type { OutboxEntry, PartitionIds, StateStore, StoredState } from "./state-store.ts";

/** What a coordinator works with; time, state, sinks and workers are handed in. */
export interface CoordinatorOptions {
  clock: Clock;
  commitEveryMs: number;
  /** Whether a bounded run closes what is open at its end. */
  finish: boolean;
  /** Above it the run stops, losing nothing; above half of it `onStateLarge` is called once. */
  maxStateBytes: number;
  /** `COMMIT_LIMITS`, but for tests. */
  limits?: CommitLimits;
  store: StateStore;
  /** As loaded or just created. */
  stored: StoredState;
  sinks: readonly Sink[];
  /** Returns when Kafka has acknowledged all of them. */
  sendDeadLetters(letters: readonly DeadLetter[]): Promise<void>;
  publishManifest(manifest: Manifest): Promise<void>;
  onCommit(report: CommitReport): void;
  onStateLarge(stateBytes: number): void;
}

/** What keeps a commit small. */
export interface CommitLimits {
  /** A slot that the state holds in so many parts may be rewritten. */
  slotParts: number;
  /** Bytes of final rows, about: when many windows close at once, it takes several commits. */
  rowBytes: number;
}

/**
 * 256 parts are some four minutes of commits: a pane of a minute never has so many, and is not worth rewriting. Reading so
 * many parts of each slot at a restart takes milliseconds.
 */
const COMMIT_LIMITS: CommitLimits = { slotParts: 256, rowBytes: 64 << 20 };

/** What one commit did, for progress and metrics. */
export interface CommitReport {
  ledger: PartitionLedger;
  closedThroughMs: number | null;
  /** Windows closed by this commit, and since the state began. */
  windowsClosedNow: number;
  windowsClosed: number;
  openWindows: number;
  stateBytes: number;
  openPanes: number;
  /** Final results that no sink has written yet. */
  outboxEntries: number;
  /** From asking the workers to the durable commit, ms. */
  commitMs: number;
  /** How long it took to make the final rows of the windows that this commit closed, ms. */
  closeMs: number;
}

/**
 * The engine's loop: ask the workers what they learned, close the windows that every partition's watermark has passed,
 * commit, hand final rows to the sinks. One commit is under way at a time; sinks write while the workers read on.
 */
export class Coordinator {
  private readonly options: CoordinatorOptions;
  private readonly open: OpenWindows;
  private readonly ledger: PartitionLedger;
  private readonly outbox: Outbox;
  private readonly limits: CommitLimits;
  private closedThroughMs: number;
  private windowsClosed: number;
  private warnedOfSize = false;
  private wake = new AbortController();

  constructor(options: CoordinatorOptions) {
    const { stored, store, sinks } = options;
    const { queries, windows } = stored.ownership;
    this.options = options;
    this.limits = options.limits ?? COMMIT_LIMITS;
    this.open = new OpenWindows(groupByWindows(queries, windows));
    for (const slot of store.slots()) this.open.add(slot);
    this.ledger = new PartitionLedger(stored.partitions, windows.delayMs);
    this.outbox = new Outbox(sinks, stored.outbox);
    this.closedThroughMs = stored.closedThroughMs ?? Number.NEGATIVE_INFINITY;
    this.windowsClosed = stored.windowsClosed;
  }

  /** A worker has news that should not wait for the next commit's time. */
  attention(): void {
    this.wake.abort();
  }

  /** The windows that are open now, in the order of their ends; none of whole sessions. */
  openEnds(): WindowEnd[] {
    return this.open.viewableEnds(this.closedThroughMs);
  }

  /** What an open window has most of now, by query; committed or not. About the work of closing it. */
  lookAt(window: WindowEnd, limit: number): Map<string, TopRows> {
    return this.open.topRows(window, limit);
  }

  /**
   * Runs until the signal aborts or, in a bounded run, every partition is at its end. Either way the last commit
   * confirms what the sinks have written.
   */
  async run(workers: readonly EngineWorker[], signal: AbortSignal): Promise<void> {
    this.deliver();
    let request: FlushRequest = { floors: [], final: false };
    while (true) {
      const startedMs = this.options.clock.monotonicMs();
      await this.cycle(workers, request);
      if (signal.aborted || this.ledger.allAtEnd) break;
      request = { floors: this.floorsForIdle(), final: false };
      await this.pause(startedMs + this.options.commitEveryMs, signal);
    }
    if (!signal.aborted && this.options.finish) {
      await this.cycle(workers, { floors: finalFloors(this.ledger, this.open.lastEndMs), final: true });
    }
    await this.outbox.delivered;
    this.commit([], [], []);
  }

  private async cycle(workers: readonly EngineWorker[], request: FlushRequest): Promise<void> {
    const startedMs = this.options.clock.monotonicMs();
    this.wake = new AbortController();
    const flushes = await Promise.all(workers.map((worker) => worker.flush(request)));
    let newSlots = this.merge(flushes);
    let newIds = idsOf(flushes);
    await this.options.sendDeadLetters(flushes.flatMap((flush) => flush.deadLetters));
    const throughMs = this.open.lastEndBy(this.ledger.leastWatermarkMs);
    do {
      const closedBefore = this.windowsClosed;
      const closingFromMs = this.options.clock.monotonicMs();
      const newOutbox = this.closeSome(throughMs);
      const closeMs = this.options.clock.monotonicMs() - closingFromMs;
      await this.outbox.delivered;
      this.commit(newSlots, newIds, newOutbox);
      newSlots = [];
      newIds = [];
      this.outbox.add(newOutbox);
      this.deliver();
      const commitMs = this.options.clock.monotonicMs() - startedMs;
      this.report(this.windowsClosed - closedBefore, commitMs, closeMs);
    } while (this.closedThroughMs < throughMs);
  }

  private merge(flushes: readonly Flush[]): EncodedSlot[] {
    const slots = flushes.flatMap((flush) => flush.slots);
    for (const slot of slots) {
      this.open.assertOpen(slot, this.closedThroughMs);
      this.open.add(slot);
    }
    for (const partition of flushes.flatMap((flush) => flush.partitions)) this.ledger.update(partition);
    return slots;
  }

  /** Closes windows up to a time, as many as one commit takes; returns their final rows. */
  private closeSome(throughMs: number): OutboxEntry[] {
    const entries: OutboxEntry[] = [];
    let rowBytes = 0;
    for (const window of this.open.ends(this.closedThroughMs, throughMs)) {
      // All windows with one end close together.
      if (rowBytes > this.limits.rowBytes && window.endMs > this.closedThroughMs) return entries;
      const closed = this.open.close(window);
      for (const rows of closed) {
        rowBytes += rows.bytes.length;
        for (const sink of this.options.sinks) entries.push({ sink: sink.name, ...rows });
      }
      this.closedThroughMs = window.endMs;
      if (closed.length > 0) this.windowsClosed++;
    }
    this.closedThroughMs = Math.max(this.closedThroughMs, throughMs);
    return entries;
  }

  private commit(
    newSlots: readonly EncodedSlot[],
    newIds: readonly PartitionIds[],
    newOutbox: readonly OutboxEntry[],
  ): void {
    this.open.drop(this.closedThroughMs);
    const rewrites = this.open.takeRewrites(this.limits.slotParts);
    this.options.store.commit({
      partitions: this.ledger.partitions,
      closedThroughMs: this.closedThrough,
      windowsClosed: this.windowsClosed,
      newSlots: newSlots.filter((slot) => !rewrites.some((rewrite) => isSameSlot(slot, rewrite))),
      rewrites,
      dropPanesThroughMs: this.open.droppedThroughMs(this.closedThroughMs),
      newIds,
      dropIdsThroughMs: this.idsDroppedThroughMs,
      newOutbox,
      confirmed: this.outbox.takeWritten(),
    });
  }

  private deliver(): void {
    const manifest = structuredClone(this.manifest);
    this.outbox.deliverInBackground(() => this.options.publishManifest(manifest));
  }

  private get closedThrough(): number | null {
    return Number.isFinite(this.closedThroughMs) ? this.closedThroughMs : null;
  }

  private get idsDroppedThroughMs(): Map<number, number> {
    if (!this.options.stored.ownership.windows.dedupe) return new Map();
    return new Map(this.ledger.entries.map(({ stored, watermarkMs }) => [stored.partition, watermarkMs]));
  }

  private get manifest(): Manifest {
    return {
      format: MANIFEST_FORMAT,
      engine: "embedded",
      ...this.options.stored.ownership,
      closedThroughMs: this.closedThrough,
      partitions: this.ledger.partitions,
      idle: this.ledger.idle,
    };
  }

  private floorsForIdle(): FlushRequest["floors"] {
    return idleFloors(this.ledger, {
      lastEndBy: (timeMs) => this.open.lastEndBy(timeMs),
      holdsWindowBy: (endMs) => this.open.ends(this.closedThroughMs, endMs).length > 0,
    });
  }

  private async pause(untilMs: number, signal: AbortSignal): Promise<void> {
    const remainingMs = untilMs - this.options.clock.monotonicMs();
    if (remainingMs > 0) {
      await this.options.clock.sleep(remainingMs, AbortSignal.any([signal, this.wake.signal]));
    }
  }

  private report(windowsClosedNow: number, commitMs: number, closeMs: number): void {
    const { maxStateBytes, onCommit, onStateLarge } = this.options;
    const stateBytes = this.open.byteLength + this.ledger.idBytes;
    onCommit({
      ledger: this.ledger,
      closedThroughMs: this.closedThrough,
      windowsClosedNow,
      windowsClosed: this.windowsClosed,
      openWindows: this.openEnds().length,
      stateBytes,
      openPanes: this.open.paneCount,
      outboxEntries: this.outbox.length,
      commitMs,
      closeMs,
    });
    if (stateBytes > maxStateBytes) {
      throw new ClickstreamError({
        code: "STATE_TOO_LARGE",
        message: `Open windows${this.ledger.idBytes > 0 ? " and remembered event ids" : ""} take ${Math.round(stateBytes / 1e6)} MB, more than --max-state-mb allows.`,
        nextStep:
          "Nothing is lost: start again with a larger --max-state-mb, or find the partition that stands still.",
      });
    }
    if (stateBytes > maxStateBytes / 2 && !this.warnedOfSize) {
      this.warnedOfSize = true;
      onStateLarge(stateBytes);
    }
  }
}

function idsOf(flushes: readonly Flush[]): PartitionIds[] {
  return flushes.flatMap(({ partitions }) =>
    partitions.flatMap(({ partition, newIds = [] }) => newIds.map((ids) => ({ partition, ...ids }))),
  );
}

function isSameSlot(a: SlotKey, b: SlotKey): boolean {
  return a.group === b.group && a.paneStartMs === b.paneStartMs && a.firstEndMs === b.firstEndMs;
}
