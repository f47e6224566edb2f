import type { GenerationPlan } from "../generator/generation.ts";
import { generatorGroup } from "../generator/position.ts";
import type { GeneratorProgress } from "../generator/progress-meter.ts";
import { type GeneratorThread, startGeneratorThread } from "../generator/thread.ts";
import { Cluster } from "../kafka/cluster.ts";
import { kafkaOptions } from "./config.ts";
import type { Context } from "./context.ts";
import type { RunningGenerator } from "./parts.ts";
import type { ProducerSnapshot } from "./progress/snapshot.ts";
import { RetryWarnings } from "./retry-warnings.ts";

const CLIENT_ID = "clickstream-generator";
/** What Kafka keeps by default. */
const WEEK_MS = 7 * 86_400_000;

/** Creates the topic of the events when it is absent, keeping at least as much time as the events span. */
export async function ensureTopic({ config, clock }: Context, brokers: readonly string[]): Promise<void> {
  const { topic, partitions, start, events } = config.settings;
  const cluster = await Cluster.connect(kafkaOptions(config, brokers, CLIENT_ID));
  try {
    const ageMs = Math.max(events, clock.nowMs() - (start ?? clock.nowMs()));
    const configs = ageMs > WEEK_MS / 2 ? { configs: { "retention.ms": String(ageMs + WEEK_MS) } } : {};
    await cluster.ensureTopic(topic, { partitions, ...configs });
  } finally {
    await cluster.close();
  }
}

/**
 * Starts the generator on a thread of its own; resolves when it is at work.
 * @throws ClickstreamError as `generateEvents`
 */
export async function openGenerator(
  context: Context,
  brokers: readonly string[],
  live: boolean,
): Promise<RunningGenerator> {
  const generator = new GeneratorRun(context, generationPlan(context, brokers, live));
  await generator.thread.started;
  return generator;
}

/** `run` catches up at full speed and goes on live at `--rate`; for `generate`, that is the rate of all. */
function generationPlan({ config }: Context, brokers: readonly string[], live: boolean): GenerationPlan {
  const { command, settings } = config;
  const { topic, events, rate, batch, seed, users, start, late, outOfOrder, broken, duplicates } = settings;
  return {
    kafka: kafkaOptions(config, brokers, CLIENT_ID),
    topic,
    settings: {
      seed,
      startMs: start,
      users,
      lateShare: late,
      outOfOrderMs: outOfOrder,
      brokenShare: broken,
      duplicateShare: duplicates,
    },
    events,
    rate: command === "run" ? null : rate,
    live: live ? { rate } : null,
    batch,
    codec: settings.compression,
    refusedPath: `${generatorGroup(topic)}.refused.ndjson`,
  };
}

class GeneratorRun implements RunningGenerator {
  readonly thread: GeneratorThread;
  readonly totalReached: Promise<void>;
  readonly ended: Promise<void>;
  readonly #batchEvents: number;
  readonly #total = Promise.withResolvers<void>();
  #before: number | undefined;
  #progress: GeneratorProgress;

  constructor({ log, clock }: Context, plan: GenerationPlan) {
    const retries = new RetryWarnings(log, clock, "the generator");
    this.#batchEvents = plan.batch;
    this.#progress = { produced: 0, total: plan.events, live: false, eventsPerSecond: 0, batchMs: [] };
    this.thread = startGeneratorThread({
      plan,
      onProgress: (progress) => this.#show(progress),
      onRetry: (reason) => retries.report(reason),
    });
    this.totalReached = this.#total.promise;
    this.ended = this.thread.ended.then(({ produced, refused }) => {
      this.#show({ ...this.#progress, produced });
      if (refused > 0) log.warn({ refused, file: plan.refusedPath }, "Kafka refused some events for good");
    });
    this.ended.catch((error) => this.#total.reject(error));
    this.totalReached.catch(() => {});
  }

  snapshot(): ProducerSnapshot {
    const { produced, total, live, eventsPerSecond, batchMs } = this.#progress;
    return { produced, total, live, perSecond: eventsPerSecond, batchEvents: this.#batchEvents, batchMs };
  }

  producedInRun(): number {
    return this.#progress.produced - (this.#before ?? this.#progress.produced);
  }

  async stop(): Promise<void> {
    this.thread.stop();
    await this.ended;
  }

  #show(progress: GeneratorProgress): void {
    this.#before ??= progress.produced;
    this.#progress = progress;
    if (progress.produced >= progress.total) this.#total.resolve();
  }
}
