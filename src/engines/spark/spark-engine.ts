import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import type { Clock } from "../../core/clock.ts";
import { ClickstreamError } from "../../core/errors.ts";
import type { EventRules } from "../../events/event.ts";
import { Cluster } from "../../kafka/cluster.ts";
import type { KafkaOptions } from "../../kafka/options.ts";
import type { QueryPlan, WindowSettings } from "../../queries/plan.ts";
import type { Manifest } from "../../sinks/manifest.ts";
import type { Ownership } from "../embedded/state-store.ts";
import { lockState, type StateLock } from "../state-lock.ts";
import type { ProgressReport } from "./connect/progress-report.ts";
import { SparkSession } from "./connect/session.ts";
import type { StreamingQuery } from "./connect/streaming-query.ts";
import { jobName } from "./job-name.ts";
import { prepareSession, submitStage } from "./job-submission.ts";
import { afterBatch, NO_TOTALS } from "./query-totals.ts";
import { Recovery } from "./recovery.ts";
import { watchQueries } from "./running-job.ts";
import { figuresOf, manifestOf, type QueryFigures, type SparkStateView } from "./spark-report.ts";
import {
  checkFit,
  checkpointsOf,
  type FixedSettings,
  readState,
  type SparkState,
  writeState,
} from "./spark-state.ts";
import type { StreamingJob, StreamingStage } from "./streaming-job.ts";

/** What the Spark engine runs with. */
export interface SparkOptions {
  /** `sc://…` of the Connect server. */
  spark: string;
  kafka: KafkaOptions;
  clock: Clock;
  topic: string;
  /** Topic that takes the dead letters; created before the queries start. */
  deadLetterTopic: string;
  /** Absolute path; the same folder for this process and for every executor. */
  output: string;
  queries: readonly QueryPlan[];
  windows: WindowSettings;
  rules: EventRules;
  /** What a person asked for; what is absent is as the checkpoints have it, else `defaults`. */
  wanted: Partial<FixedSettings>;
  defaults: FixedSettings;
  /** Compiles the pipeline. */
  compile(input: FixedSettings & { topicId: string; deadLetterPartitions: number }): StreamingJob;
  /** What the output folder says of itself, to refuse one that has lost its state or belongs to another engine. */
  existingManifest: Manifest | undefined;
  publishManifest(manifest: Manifest): Promise<void>;
  onProgress(report: SparkProgress): void;
  /** Spark did not do what was asked, which is tried again. */
  onRetry(reason: string): void;
  onWarning(message: string): void;
}

/** Where the engine stands after a batch of some query. */
export interface SparkProgress {
  view: SparkStateView;
  /** The latest batch of each query that has finished one in this run. */
  queries: ReadonlyMap<string, QueryFigures>;
  /** The latest of all. */
  latest: QueryFigures | undefined;
  /** The greatest event time of the latest batches, ms since the epoch. */
  newestEventMs: number | null;
}

/** Runs a job of streaming queries on a Spark server, through restarts of the server and of this process. */
export class SparkEngine {
  private readonly options: SparkOptions;
  private readonly lock: StateLock;
  private readonly job: StreamingJob;
  private state: SparkState;
  private session: SparkSession | undefined;
  private readonly queries = new Map<string, QueryFigures>();
  private latest: QueryFigures | undefined;
  private newestEventMs: number | null = null;
  private publishing: Promise<void> = Promise.resolve();
  private readonly recovery: Recovery;

  private constructor(options: SparkOptions, lock: StateLock, job: StreamingJob, state: SparkState) {
    this.options = options;
    this.lock = lock;
    this.job = job;
    this.state = state;
    this.recovery = new Recovery(options.clock);
  }

  /**
   * Finds the topic and the state, and checks that they belong together.
   * @throws ClickstreamError KAFKA_UNREACHABLE, TOPIC_NOT_FOUND, STATE_LOCKED, STATE_LOST, TOPIC_CHANGED, QUERY_CHANGED,
   *   SETTINGS_CHANGED, OUTPUT_OF_OTHER_ENGINE; UsageError for what Spark can't compute
   */
  static async open(options: SparkOptions): Promise<SparkEngine> {
    refuseOtherEngine(options);
    const found = await findTopic(options);
    const { queries, windows, rules, output } = options;
    const ownership: Ownership = {
      topic: { name: options.topic, id: found.topicId },
      queries,
      windows,
      rules,
    };
    const lock = lockOutput(output);
    try {
      const stored = readState(output);
      if (stored !== undefined) checkFit(stored, ownership, options.wanted);
      else if (options.existingManifest !== undefined) throw stateLost(output);
      const state = stored ?? newState(ownership, { ...options.defaults, ...options.wanted }, found.earliest);
      const { topicId, deadLetterPartitions } = found;
      const job = options.compile({ ...state.fixed, topicId, deadLetterPartitions });
      if (stored === undefined) writeState(output, state);
      const engine = new SparkEngine(options, lock, job, state);
      await engine.publish();
      return engine;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** What is known so far, before the first batch of this run too. */
  get progress(): SparkProgress {
    const { queries, latest, newestEventMs } = this;
    return { view: this.state, queries, latest, newestEventMs };
  }

  /**
   * Runs until the signal aborts or, in a bounded run, until all is read. The queries of a run that was killed go on as
   * they are, where they live; others start from their checkpoints. Whatever ends queries or server is survived as long
   * as it passes.
   * @throws ClickstreamError when something fails for good; all finished batches stay
   */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await this.attempt(signal);
        await this.end(signal);
        return;
      } catch (failure) {
        if (signal.aborted) return await this.stopAfter(failure);
        const verdict = this.recovery.judge(failure);
        if (!verdict.again) {
          await this.abandon();
          throw verdict.error;
        }
        this.options.onRetry(failure instanceof Error ? failure.message : String(failure));
        this.session?.close();
        this.session = undefined;
        if (verdict.newSession) this.remember({ sessionId: randomUUID(), submitted: null });
        await this.options.clock.sleep(verdict.delayMs, signal);
        if (signal.aborted) return await this.stopAfter(failure);
      }
    }
  }

  /** Lets go of the state. */
  close(): void {
    this.session?.close();
    this.lock.release();
  }

  private async attempt(signal: AbortSignal): Promise<void> {
    const { clock, spark } = this.options;
    const { sessionId } = this.state;
    const settings = this.job.conf;
    const session = await SparkSession.connect(spark, { sessionId, settings, clock, signal });
    this.session = session;
    this.recovery.reached();
    const name = jobName(this.job);
    const isSame = this.state.submitted === name;
    if (!isSame) this.remember({ submitted: name });
    await prepareSession(session, this.job, isSame);
    const watching = { clock, signal, onProgress: this.progressed.bind(this) };
    const running: StreamingQuery[] = [];
    for (const stage of this.job.stages) {
      running.push(...(await submitStage(session, stage)));
      // In a bounded run a stage finds all that the one before it wrote.
      if (isBounded(stage)) await watchQueries(session, running.splice(0), watching);
      if (signal.aborted) return;
    }
    await watchQueries(session, running, watching);
  }

  private async end(signal: AbortSignal): Promise<void> {
    const session = this.session!;
    if (signal.aborted) {
      for (const query of await session.streams.active()) {
        await query.stop();
        if (query.name === null) continue;
        for (const report of await query.recentProgress()) this.progressed(query.name, report);
      }
    }
    await this.publish();
    await this.abandon();
  }

  /** Told to stop while something was wrong. */
  private async stopAfter(failure: unknown): Promise<void> {
    if (await this.abandon()) return;
    const reason = failure instanceof Error ? failure.message : String(failure);
    this.options.onWarning(
      `Spark could not be told to stop; the next run finds its queries, or starts them again: ${reason}`,
    );
  }

  /** Ends the session with the queries in it, where that can be had at once; whether it could. */
  private async abandon(): Promise<boolean> {
    if (this.session === undefined) return false;
    try {
      await this.session.release();
    } catch {
      return false;
    }
    this.remember({ submitted: null, sessionId: randomUUID() });
    return true;
  }

  private progressed(query: string, report: ProgressReport): void {
    const before = this.state.totals[query] ?? { ...NO_TOTALS, positions: this.state.startOffsets };
    const totals = afterBatch(before, report, this.options.topic);
    if (totals === before) return;
    this.recovery.progressed();
    this.remember({ totals: { ...this.state.totals, [query]: totals } });
    this.latest = figuresOf(query, report, totals);
    this.queries.set(query, this.latest);
    const greatest = report.eventTime?.max;
    if (greatest !== undefined) this.newestEventMs = Math.max(this.newestEventMs ?? 0, Date.parse(greatest));
    if (totals.dropped > before.dropped) {
      this.options.onWarning(
        `Spark dropped ${totals.dropped - before.dropped} rows of ${query} that came behind its watermark (rows after partial aggregation: fewer than their events)`,
      );
    }
    this.options.onProgress(this.progress);
    this.publish().catch((error: Error) => {
      this.options.onWarning(`the manifest could not be written: ${error.message}`);
    });
  }

  /** One after the other: two writes at once would share a temporary file. */
  private publish(): Promise<void> {
    const next = this.publishing.then(() => this.options.publishManifest(manifestOf(this.state)));
    this.publishing = next.catch(() => {});
    return next;
  }

  private remember(change: Partial<SparkState>): void {
    this.state = { ...this.state, ...change };
    writeState(this.options.output, this.state);
  }
}

function isBounded({ queries }: StreamingStage): boolean {
  return queries.every(({ trigger }) => trigger === "availableNow");
}

function lockOutput(output: string): StateLock {
  const folder = checkpointsOf(output);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new ClickstreamError({
      code: "OUTPUT_UNWRITABLE",
      message: `The folder ${folder} can't be made: ${(cause as Error).message}.`,
      nextStep: "Make its parent writable, or choose another with --output.",
      cause,
    });
  }
  return lockState(folder);
}

function newState(
  ownership: Ownership,
  fixed: FixedSettings,
  earliest: ReadonlyMap<number, number>,
): SparkState {
  return {
    format: 2,
    ownership,
    fixed,
    startOffsets: Object.fromEntries(earliest),
    sessionId: randomUUID(),
    submitted: null,
    totals: {},
  };
}

/** What Kafka says of the topic; the one for dead letters is there afterwards. */
async function findTopic({ kafka, topic: name, deadLetterTopic }: SparkOptions): Promise<{
  topicId: string;
  earliest: ReadonlyMap<number, number>;
  deadLetterPartitions: number;
}> {
  const cluster = await Cluster.connect(kafka);
  try {
    const topic = await cluster.topic(name);
    if (topic === undefined) {
      throw new ClickstreamError({
        code: "TOPIC_NOT_FOUND",
        message: `Kafka has no topic ${name}.`,
        nextStep: "Check --topic, or create it: clickstream generate makes one with events in it.",
      });
    }
    const letters = await cluster.ensureTopic(deadLetterTopic, { partitions: topic.partitions.length });
    return {
      topicId: topic.id,
      earliest: await cluster.offsets(topic, "earliest"),
      deadLetterPartitions: letters.partitions.length,
    };
  } finally {
    await cluster.close();
  }
}

function refuseOtherEngine({ existingManifest }: SparkOptions): void {
  if (existingManifest === undefined || existingManifest.engine === "spark") return;
  throw new ClickstreamError({
    code: "OUTPUT_OF_OTHER_ENGINE",
    message: `This output was written by the ${existingManifest.engine} engine.`,
    nextStep: "Use another --output: a tree belongs to one engine.",
  });
}

function stateLost(output: string): ClickstreamError {
  return new ClickstreamError({
    code: "STATE_LOST",
    message: "This output has results but the checkpoints that they were written from are gone.",
    nextStep: `Restore ${checkpointsOf(output)}, use another --output, or start over with --fresh.`,
  });
}
