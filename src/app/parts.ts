import type { AlertsStatus } from "../alerts/status.ts";
import type { ExecutorFigures } from "../engines/spark/driver-figures.ts";
import type { QualityRow } from "../sinks/data-quality.ts";
import type { Manifest } from "../sinks/manifest.ts";
import type { WindowEnd } from "../windows/open-windows.ts";
import type { TopRows } from "../windows/top-rows.ts";
import type { PipelineSettings } from "./config.ts";
import type { Context } from "./context.ts";
import type { EngineSnapshot, ProducerSnapshot } from "./progress/snapshot.ts";
import type { VerificationOfAll } from "./verify.ts";

/** What an engine did in this run. */
export interface EngineFigures {
  /** Events read in this run. */
  readInRun: number;
  /** From the first fetch to the last commit, ms. */
  busyMs: number;
}

/** A closer look at an engine, for the page and the metrics. */
export interface EngineInspection {
  /** As last published: what it calls final can be read. Undefined before the first commit. */
  manifest: Manifest | undefined;
  /** By partition, behind its last record; empty before Kafka said. */
  ends: ReadonlyMap<number, number>;
  /** By partition, behind which no transaction is open. */
  lastStable: ReadonlyMap<number, number>;
  /** Wall-clock time, ms since the epoch; null before the first commit. */
  lastCommitMs: number | null;
  /** Bytes of the events read in this run. */
  readBytes: number;
  state: { bytes: number; openPanes: number; outboxEntries: number };
  /** By worker thread, the share of the time between the last commits in which it was at work. */
  busyShares: readonly number[];
  /** With `--data-quality`: what the latest window said; empty before the first. */
  quality?: readonly QualityRow[] | undefined;
  /** Under Spark. */
  executors?: readonly ExecutorFigures[];
}

/** What one commit took, ms. */
export interface CommitTiming {
  commitMs: number;
  /** To make the final rows of what it closed. */
  closeMs: number;
  windowsClosed: number;
}

/** An engine at work, as the use cases see it. */
export interface RunningEngine {
  snapshot(): EngineSnapshot;
  inspect(): EngineInspection;
  /** Is told of every commit from now on. */
  onCommit(listener: (timing: CommitTiming) => void): void;
  /** The windows that are open now, in the order of their ends. */
  openEnds(): readonly WindowEnd[];
  /** What an open window has most of now, by query. About the work of closing it: ask rarely. */
  lookAt(window: WindowEnd, limit: number): ReadonlyMap<string, TopRows>;
  figures(): EngineFigures;
  /** Resolves when a bounded run is done, or after `stop`; rejects when the engine can't go on. */
  readonly ended: Promise<void>;
  /** Reads to the end that the topic has now, closes every open window, and ends. */
  finish(): Promise<void>;
  /** Ends after a last, confirming commit. Also after `ended`; twice is once. */
  stop(): Promise<void>;
}

/** A generator at work, as the use cases see it. */
export interface RunningGenerator {
  snapshot(): ProducerSnapshot;
  /** Events produced in this run. */
  producedInRun(): number;
  /** Resolves when the total is on the topic, live events or not. */
  readonly totalReached: Promise<void>;
  /** Resolves when nothing more will be produced; rejects when it can't go on. */
  readonly ended: Promise<void>;
  /** Ends with everything produced acknowledged. Also after `ended`; twice is once. */
  stop(): Promise<void>;
}

/** Alert rules at work, as the use cases see them. Nothing of it fails or waits for the engine. */
export interface RunningAlerts {
  /** Begins to evaluate what an engine does. */
  watch(engine: RunningEngine): void;
  /** Undefined where there are none, or none yet. */
  status(): AlertsStatus | undefined;
  /** After the engine: what a run that ends by itself, or fails, has left is evaluated and told, within bounds of time. */
  stop(): Promise<void>;
}

/** The parts that the use cases put together; handed in so that their order is testable without Kafka. */
export interface Parts {
  /** @throws ClickstreamError when the machine lacks something, before anything starts. */
  preflight(context: Context): Promise<void>;
  /** Deletes what this program created: its output, and the local Kafka's topics. */
  deleteAll(context: Context): Promise<void>;
  startKafka(context: Context): Promise<{ brokers: readonly string[]; stop(): Promise<void> }>;
  /** Creates the topic of the events when it is absent. */
  ensureTopic(context: Context, brokers: readonly string[]): Promise<void>;
  /** Before the engine; without rules nothing. */
  openAlerts(context: Context, settings: PipelineSettings): Promise<RunningAlerts>;
  openEngine(context: Context, settings: PipelineSettings): Promise<RunningEngine>;
  /** With live events after the total, or without. */
  openGenerator(context: Context, brokers: readonly string[], live: boolean): Promise<RunningGenerator>;
  /** The page, the API and the metrics; nothing when they are off. */
  openWeb(
    context: Context,
    brokers: readonly string[],
    at: { engine: RunningEngine; generator?: RunningGenerator; alerts: RunningAlerts },
  ): Promise<{ stop(): Promise<void> }>;
  /** Compares an output tree with what its topic and manifest say. */
  verify(context: Context, brokers: readonly string[]): Promise<VerificationOfAll>;
}
