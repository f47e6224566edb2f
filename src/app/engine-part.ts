import { finishTree } from "../archive/finish-archiving.ts";
import type { Clock } from "../core/clock.ts";
import { ClickstreamError } from "../core/errors.ts";
import type { CommitReport } from "../engines/embedded/coordinator.ts";
import { EmbeddedEngine, type EmbeddedOptions, stateFolderOf } from "../engines/embedded/embedded-engine.ts";
import { PartitionLedger } from "../engines/embedded/partition-ledger.ts";
import type { Ownership } from "../engines/embedded/state-store.ts";
import { DataQuality } from "../sinks/data-quality.ts";
import { JsonFilesSink } from "../sinks/json-files.ts";
import type { Manifest } from "../sinks/manifest.ts";
import { readManifest, writeManifest } from "../sinks/manifest-file.ts";
import type { Sink } from "../sinks/sink.ts";
import type { WindowEnd } from "../windows/open-windows.ts";
import { BackgroundArchiving } from "./archiving/background-archiving.ts";
import type { PipelineSettings } from "./config.ts";
import type { Context } from "./context.ts";
import type { CommitTiming, EngineFigures, EngineInspection, RunningEngine } from "./parts.ts";
import { PostgresCopy } from "./postgres/postgres-copy.ts";
import { RateMeter } from "./progress/rate.ts";
import type { EngineSnapshot } from "./progress/snapshot.ts";
import { RetryWarnings } from "./retry-warnings.ts";

const SHOWN_COMMITS = 5;

/** What is kept of a commit's report. */
type Seen = Pick<
  CommitReport,
  "ledger" | "windowsClosed" | "openWindows" | "openPanes" | "stateBytes" | "outboxEntries"
>;

/** Starts the embedded engine on an output folder. @throws ClickstreamError as `EmbeddedEngine.open` and the sinks do */
export async function openEngine(context: Context, settings: PipelineSettings): Promise<RunningEngine> {
  const run = new EmbeddedRun(context, settings);
  await run.start(settings);
  return run;
}

/** The embedded engine at work: keeps its figures, and starts a bounded engine after it when asked to finish. */
class EmbeddedRun implements RunningEngine {
  readonly ended: Promise<void>;
  private readonly context: Context;
  private readonly clock: Clock;
  private readonly settings: PipelineSettings;
  private archiving: BackgroundArchiving;
  private readonly end = Promise.withResolvers<void>();
  private readonly rate = new RateMeter();
  private perSecond = 0;
  private stopped = false;
  private readonly commitMs: number[] = [];
  private stopping = new AbortController();
  private opening: Promise<void> = Promise.resolve();
  private running: Promise<void> = Promise.resolve();
  private finishing = false;
  private report: Seen | undefined;
  private readonly postgres: PostgresCopy | undefined;
  private commits = 0;
  private readBefore = 0;
  private readingSinceMs: number | undefined;
  private lastCommitMs = 0;
  private engine: EmbeddedEngine | undefined;
  private manifest: Manifest | undefined;
  private committedAtMs: number | null = null;
  private busyShares: readonly number[] = [];
  private readBytes = 0;
  private readBytesBefore = 0;
  private quality: DataQuality | undefined;
  private readonly listeners: ((timing: CommitTiming) => void)[] = [];

  constructor(context: Context, settings: PipelineSettings) {
    this.context = context;
    this.clock = context.clock;
    this.settings = settings;
    this.archiving = new BackgroundArchiving(settings, settings.archive, context.log);
    this.ended = this.end.promise;
    this.ended.catch(() => {});
    const { postgres: destination, output } = settings;
    if (destination !== undefined) {
      const { log, clock } = context;
      this.postgres = new PostgresCopy({
        log,
        clock,
        destination,
        output,
        onFailed: () => this.stopping.abort(),
      });
    }
  }

  async start(settings: PipelineSettings): Promise<void> {
    const engine = await EmbeddedEngine.open(await this.options(settings));
    if (this.stopped) return engine.close();
    if (this.report === undefined) this.remember(engine);
    this.stopping = new AbortController();
    this.running = this.workAndCopy(engine, settings);
    this.running.then(
      () => {
        if (!this.finishing || settings.finish) this.end.resolve();
      },
      (error) => {
        this.stopped = true;
        this.end.reject(error);
      },
    );
  }

  snapshot(): EngineSnapshot {
    const total = this.report?.ledger.total ?? { read: 0, counted: 0, late: 0, dead: {} };
    const watermarkMs = this.report?.ledger.leastWatermarkMs ?? Number.NaN;
    return {
      ...total,
      lag: this.commits === 0 ? null : (this.report?.ledger.lag ?? null),
      perSecond: this.perSecond,
      commits: this.commits,
      commitMs: this.commitMs,
      windowsClosed: this.report?.windowsClosed ?? 0,
      windowsOpen: this.report?.openWindows ?? 0,
      watermarkMs: Number.isFinite(watermarkMs) ? watermarkMs : null,
      postgres: this.postgres?.snapshot,
    };
  }

  figures(): EngineFigures {
    const busyMs = this.readingSinceMs === undefined ? 0 : this.lastCommitMs - this.readingSinceMs;
    return { readInRun: this.snapshot().read - this.readBefore, busyMs: Math.max(0, busyMs) };
  }

  inspect(): EngineInspection {
    const { report } = this;
    const entries = this.commits === 0 ? [] : (report?.ledger.entries ?? []);
    return {
      manifest: this.manifest,
      ends: new Map(entries.map(({ stored, highWatermark }) => [stored.partition, highWatermark])),
      lastStable: new Map(entries.map(({ stored, lastStable }) => [stored.partition, lastStable])),
      lastCommitMs: this.committedAtMs,
      readBytes: this.readBytes,
      quality: this.quality?.latest,
      state: {
        bytes: report?.stateBytes ?? 0,
        openPanes: report?.openPanes ?? 0,
        outboxEntries: report?.outboxEntries ?? 0,
      },
      busyShares: this.busyShares,
    };
  }

  onCommit(listener: (timing: CommitTiming) => void): void {
    this.listeners.push(listener);
  }

  openEnds(): readonly WindowEnd[] {
    return this.engine?.openEnds() ?? [];
  }

  lookAt(window: WindowEnd, limit: number): ReturnType<RunningEngine["lookAt"]> {
    return this.engine?.lookAt(window, limit) ?? new Map();
  }

  async finish(): Promise<void> {
    this.finishing = true;
    this.stopping.abort();
    await this.running;
    if (!this.stopped) {
      this.opening = this.start({ ...this.settings, untilEnd: true, finish: true });
      await this.opening;
    }
    await this.ended;
  }

  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    await this.opening.catch(() => {}); // shown by `finish`
    this.stopping.abort();
    await this.running;
    await this.postgres?.close();
    this.end.resolve();
  }

  /** PostgreSQL gets what the engine's last commit made final, too, unless a stop was asked for. */
  private async workAndCopy(engine: EmbeddedEngine, settings: PipelineSettings): Promise<void> {
    try {
      await this.work(engine, settings);
    } catch (error) {
      await this.postgres?.close();
      throw error;
    }
    const goesOn = this.finishing && !settings.finish;
    if (!goesOn) await this.postgres?.end(this.stopping.signal);
  }

  /** Runs an engine to its end, and another behind what Kafka drops meanwhile, where that is allowed. */
  private async work(first: EmbeddedEngine, settings: PipelineSettings): Promise<void> {
    for (let engine = first; ; engine = await EmbeddedEngine.open(await this.options(settings))) {
      this.engine = engine;
      this.archiving = new BackgroundArchiving(settings, settings.archive, this.context.log);
      try {
        await engine.run(this.stopping.signal);
        if (!this.stopping.signal.aborted) await this.archiving.finish(this.stopping.signal);
        return;
      } catch (error) {
        const isLoss = error instanceof ClickstreamError && error.code === "OFFSET_OUT_OF_RANGE";
        if (!isLoss || settings.onDataLoss !== "skip") throw error;
        this.context.log.warn(error.message);
      } finally {
        this.engine = undefined;
        await this.archiving.stop();
        await engine.close();
      }
    }
  }

  private async options(settings: PipelineSettings): Promise<EmbeddedOptions> {
    const { output } = settings;
    const retries = new RetryWarnings(this.context.log, this.clock, "the engine");
    return {
      ...settings,
      clock: this.clock,
      maxStateBytes: settings.maxStateMb * 1e6,
      skipLost: settings.onDataLoss === "skip",
      stateFolder: stateFolderOf(output),
      existingManifest: await readManifest(output),
      openSinks: (ownership) => this.openSinks(ownership),
      publishManifest: async (manifest) => {
        await writeManifest(output, manifest);
        this.manifest = manifest;
      },
      onReading: () => {
        this.readingSinceMs ??= this.clock.monotonicMs();
      },
      onCommit: (report) => this.committed(report),
      onRetry: (reason) => retries.report(reason),
      onWarning: (message) => this.context.log.warn(message),
    };
  }

  private async openSinks(ownership: Ownership): Promise<readonly Sink[]> {
    await finishTree(this.settings.output, this.settings.queries);
    const files = await JsonFilesSink.open(this.settings.output, (entries) => this.postgres?.add(entries));
    await this.postgres?.begin("embedded", ownership);
    const { output, queries, windows, qualityFactor: factor } = this.settings;
    if (factor === null) return [files];
    const qualityFiles = await JsonFilesSink.open(output);
    this.quality = new DataQuality(files, qualityFiles, { output, queries, windows, factor });
    return [this.quality];
  }

  private remember({ before }: EmbeddedEngine): void {
    const ledger = new PartitionLedger(before.partitions, this.settings.windows.delayMs);
    this.report = {
      ledger,
      windowsClosed: before.windowsClosed,
      openWindows: 0,
      openPanes: 0,
      stateBytes: 0,
      outboxEntries: 0,
    };
    this.readBefore = ledger.total.read;
    this.rate.sample(ledger.total.read, this.clock.monotonicMs());
  }

  private committed(report: CommitReport): void {
    if (report.ledger !== this.report?.ledger) this.readBytesBefore = this.readBytes;
    this.readBytes = this.readBytesBefore + report.ledger.readBytes;
    this.report = report;
    this.archiving.committed(report.closedThroughMs);
    this.commits++;
    this.lastCommitMs = this.clock.monotonicMs();
    this.committedAtMs = this.clock.nowMs();
    this.busyShares = this.engine?.busyShares() ?? [];
    const { commitMs, closeMs, windowsClosedNow: windowsClosed } = report;
    for (const listener of this.listeners) listener({ commitMs, closeMs, windowsClosed });
    this.commitMs.unshift(report.commitMs);
    this.commitMs.length = Math.min(this.commitMs.length, SHOWN_COMMITS);
    this.perSecond = this.rate.sample(report.ledger.total.read, this.lastCommitMs);
    this.context.log.debug(
      { commitMs: Math.round(report.commitMs), lag: report.ledger.lag, windowsClosed: report.windowsClosed },
      "commit",
    );
  }
}
