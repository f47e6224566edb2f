import { resolve } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { compileJob, DEAD_LETTERS, NO_TRANSITIONS } from "../../engines/spark/compile/compile-job.ts";
import { parseEndpoint, shownEndpoint } from "../../engines/spark/connect/endpoint.ts";
import { kafkaClientOptions } from "../../engines/spark/kafka-client-options.ts";
import { SparkEngine, type SparkOptions, type SparkProgress } from "../../engines/spark/spark-engine.ts";
import { SPARK } from "../../local/software.ts";
import type { LocalSpark, SparkEvent } from "../../local/spark/supervise-spark.ts";
import type { Manifest } from "../../sinks/manifest.ts";
import { readManifest, writeManifest } from "../../sinks/manifest-file.ts";
import { recordBatches } from "../../sinks/spark-batches.ts";
import type { PipelineSettings } from "../config.ts";
import type { Context } from "../context.ts";
import { jarsProgress } from "../jars-progress.ts";
import { plural } from "../numbers-for-people.ts";
import type { CommitTiming, EngineFigures, EngineInspection, RunningEngine } from "../parts.ts";
import type { EngineSnapshot } from "../progress/snapshot.ts";
import { sparkForRun } from "./local-spark.ts";
import { SparkFigures } from "./spark-figures.ts";

/** Partitions of the state on a cluster whose size nobody told. */
const REMOTE_SHUFFLE_PARTITIONS = 8;
/** Some 30 s of work for an executor. */
const OFFSETS_PER_EXECUTOR = 1_000_000;
const REMOTE_EXECUTORS = 8;

/**
 * Starts a local Spark unless one is named, and the engine on it.
 * @throws ClickstreamError as `SparkEngine.open` and `sparkForRun`; UsageError for what Spark can't compute
 */
export async function openSparkEngine(context: Context, settings: PipelineSettings): Promise<RunningEngine> {
  const run = new SparkRun(context, settings);
  await run.start();
  return run;
}

/** Where the Connect server is. */
interface Server {
  url: string;
  /** The driver's page; null when it is not known. */
  page: string | null;
  executors: number | null;
  stop(): Promise<void>;
}

/** The Spark engine at work: its server, its figures, and a bounded engine after it when asked to finish. */
class SparkRun implements RunningEngine {
  readonly ended: Promise<void>;
  private readonly context: Context;
  private readonly clock: Clock;
  private readonly settings: PipelineSettings;
  private readonly end = Promise.withResolvers<void>();
  private server: Server | undefined;
  private figuresNow: SparkFigures | undefined;
  private manifest: Manifest | undefined;
  private readonly listeners: ((timing: CommitTiming) => void)[] = [];
  private stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private finishing = false;
  private retried = false;
  private stopped: Promise<void> | undefined;

  constructor(context: Context, settings: PipelineSettings) {
    this.context = context;
    this.clock = context.clock;
    this.settings = settings;
    this.ended = this.end.promise;
    this.ended.catch(() => {});
  }

  /** On failure nothing is left running. */
  async start(): Promise<void> {
    const { log, config } = this.context;
    const { sessions, keep } = config.settings;
    if (sessions) log.warn(`there are sessions, and no transitions: ${NO_TRANSITIONS}`);
    if (keep !== undefined) log.warn("under Spark nothing drops old days: keep is for the embedded engine");
    this.server = await startServer(this.context);
    try {
      await this.begin(this.settings.untilEnd);
    } catch (error) {
      await this.server.stop();
      throw error;
    }
  }

  snapshot(): EngineSnapshot {
    return this.figuresNow!.snapshot();
  }

  figures(): EngineFigures {
    return this.figuresNow!.figures();
  }

  inspect(): EngineInspection {
    return { ...this.figuresNow!.inspect(), manifest: this.manifest };
  }

  onCommit(listener: (timing: CommitTiming) => void): void {
    this.listeners.push(listener);
  }

  /** Open windows are in the executors' state, which can't be looked at. */
  openEnds(): [] {
    return [];
  }

  lookAt(): ReturnType<RunningEngine["lookAt"]> {
    return new Map();
  }

  /** Reads to the end that the topic has now, and ends. Windows that are open then stay open: nothing later closes them. */
  async finish(): Promise<void> {
    this.finishing = true;
    this.stopping.abort();
    await this.running;
    if (this.stopped === undefined) {
      this.context.log.info(
        "reading to the end; windows that are open then stay open in Spark's checkpoints",
      );
      await this.begin(true);
    }
    await this.ended;
  }

  stop(): Promise<void> {
    this.stopped ??= this.stopNow();
    return this.stopped;
  }

  private async stopNow(): Promise<void> {
    this.stopping.abort();
    await this.running.catch(() => {}); // told by `ended`
    await this.figuresNow?.close();
    await this.server?.stop();
    this.end.resolve();
  }

  private async begin(untilEnd: boolean): Promise<void> {
    const engine = await SparkEngine.open(await this.options(untilEnd));
    this.figuresNow ??= new SparkFigures({
      clock: this.clock,
      kafka: this.settings.kafka,
      topic: this.settings.topic,
      page: this.server!.page,
      before: engine.progress,
    });
    this.stopping = new AbortController();
    this.running = engine.run(this.stopping.signal).finally(() => engine.close());
    this.running.then(
      () => {
        if (!this.finishing || untilEnd) this.end.resolve();
      },
      (error) => this.end.reject(error),
    );
  }

  private async options(untilEnd: boolean): Promise<SparkOptions> {
    const { context, settings } = this;
    const { trigger, maxOffsetsPerTrigger, shufflePartitions, stateStore } = context.config.settings;
    const output = resolve(settings.output);
    const kafkaOptions = await kafkaClientOptions(settings.kafka);
    const executors = this.server!.executors ?? REMOTE_EXECUTORS;
    return {
      ...settings,
      spark: this.server!.url,
      clock: this.clock,
      output,
      wanted: {
        ...(shufflePartitions === undefined ? {} : { shufflePartitions }),
        ...(stateStore === undefined ? {} : { stateStore }),
      },
      defaults: {
        shufflePartitions: this.server!.executors ?? REMOTE_SHUFFLE_PARTITIONS,
        stateStore: "rocksdb",
      },
      compile: (input) =>
        compileJob({
          ...settings,
          ...input,
          output,
          brokers: settings.kafka.brokers,
          kafkaOptions,
          trigger: untilEnd ? "availableNow" : { processingTimeMs: trigger },
          maxOffsetsPerTrigger: maxOffsetsPerTrigger ?? executors * OFFSETS_PER_EXECUTOR,
        }),
      existingManifest: await readManifest(output),
      // One at a time: after every batch, at the start and at the end.
      publishManifest: async (manifest) => {
        await recordBatches(output, [...settings.queries.map(({ name }) => name), DEAD_LETTERS]);
        await writeManifest(output, manifest);
        this.manifest = manifest;
      },
      onProgress: (progress) => this.progressed(progress),
      // Each is worth a line: the connection has tried for long, or Spark has lost the queries.
      onRetry: (reason) => {
        context.log.warn(`${reason.replace(/\.?$/, ".")} The queries are looked for, or started again.`);
        this.retried = true;
      },
      onWarning: (message) => context.log.warn(message),
    };
  }

  private progressed(progress: SparkProgress): void {
    if (this.retried) this.context.log.info("Spark goes on");
    this.retried = false;
    const timing = this.figuresNow?.progressed(progress);
    if (timing !== undefined) for (const listener of this.listeners) listener(timing);
    const batches = [...progress.queries.values()].map(({ query, batchId }) => `${query} ${batchId}`);
    this.context.log.debug({ batches }, "a batch was finished");
  }
}

async function startServer(context: Context): Promise<Server> {
  const { config, environment, clock, stopRequested: signal } = context;
  const { spark, sparkDir, executors } = config.settings;
  if (spark !== undefined) {
    context.log.info(`asks Spark at ${shownEndpoint(parseEndpoint(spark))}`);
    return { url: spark, page: null, executors: null, stop: async () => {} };
  }
  const local: LocalSpark = await sparkForRun({
    sparkDir,
    executors,
    environment,
    clock,
    signal,
    onProgress: jarsProgress(context, SPARK),
    onEvent: (event) => logSparkEvent(context, event),
  });
  const { page, executors: running } = local;
  context.log.info({ page }, `Spark runs with ${running} ${plural(running, "executor")}`);
  return local;
}

function logSparkEvent({ log }: Context, event: SparkEvent): void {
  if (event.kind === "restarted") log.info(event, "a program of the local Spark runs again");
  else if (event.kind === "died") log.warn(event, "a program of the local Spark died and is restarted");
  else if (event.kind === "restart_failed")
    log.error(event, "a program of the local Spark could not be restarted yet");
  else log.warn("the local Spark was stopped by another process");
}
