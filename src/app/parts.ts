import type { PipelineSettings } from "./config.ts";
import type { Context } from "./context.ts";
import type { EngineSnapshot, ProducerSnapshot } from "./progress/snapshot.ts";
import type { Verification } from "./verification/verify-output.ts";

/** What an engine did in this run. */
export interface EngineFigures {
  /** Events read in this run. */
  readInRun: number;
  /** From the first fetch to the last commit, ms. */
  busyMs: number;
}

/** An engine at work, as the use cases see it. */
export interface RunningEngine {
  snapshot(): EngineSnapshot;
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

/** The parts that the use cases put together; handed in so that their order is testable without Kafka. */
export interface Parts {
  /** @throws ClickstreamError when the machine lacks something, before anything starts. */
  preflight(context: Context): Promise<void>;
  /** Deletes what this program created: its output, and the local Kafka's topics. */
  deleteAll(context: Context): Promise<void>;
  startKafka(context: Context): Promise<{ brokers: readonly string[]; stop(): Promise<void> }>;
  /** Creates the topic of the events when it is absent. */
  ensureTopic(context: Context, brokers: readonly string[]): Promise<void>;
  openEngine(context: Context, settings: PipelineSettings): Promise<RunningEngine>;
  /** With live events after the total, or without. */
  openGenerator(context: Context, brokers: readonly string[], live: boolean): Promise<RunningGenerator>;
  /** Compares an output tree with what its topic and manifest say. */
  verify(context: Context, brokers: readonly string[]): Promise<Verification>;
}
