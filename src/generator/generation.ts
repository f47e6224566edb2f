import type { Clock } from "../core/clock.ts";
import { ClickstreamError, UsageError } from "../core/errors.ts";
import { Cluster, type TopicDescription } from "../kafka/cluster.ts";
import { committedOffset } from "../kafka/committed-offset.ts";
import type { Codec } from "../kafka/compression.ts";
import type { KafkaOptions } from "../kafka/options.ts";
import { Producer } from "../kafka/producer.ts";
import { RecordsRefusedError } from "../kafka/producer-errors.ts";
import { EventWriter } from "./event-bytes.ts";
import {
  type GeneratorPosition,
  generatorGroup,
  positionMetadata,
  readPosition,
  settingsToGoOnWith,
  type WantedSettings,
} from "./position.ts";
import type { GeneratorProgress } from "./progress-meter.ts";
import { appendRefused } from "./refused-file.ts";
import { runGenerator } from "./runner.ts";
import { checkGeneratorSettings } from "./settings.ts";

/** What to generate and where; plain, so that a worker thread can be given it. */
export interface GenerationPlan {
  kafka: KafkaOptions;
  /** Must exist. */
  topic: string;
  /** What the events are a function of. The topic's first run fixes it. */
  settings: WantedSettings;
  /** Events that the topic shall hold before live ones. */
  events: number;
  /** Events a second up to `events`; null is as fast as Kafka takes them. */
  rate: number | null;
  /** Goes on after `events` with so many a second, or at full speed (null). */
  live: { rate: number | null } | null;
  /** Events handed to Kafka at once. */
  batch: number;
  codec: Codec;
  /** File for records that Kafka refuses for good. */
  refusedPath: string;
}

export interface GenerationOptions {
  plan: GenerationPlan;
  clock: Clock;
  /** Ends the run with what is committed. */
  signal: AbortSignal;
  onProgress(progress: GeneratorProgress): void;
  /** Called with the reason each time before something is tried again. */
  onRetry(reason: string): void;
}

/** How a run ended. */
export interface GenerationResult {
  /** Events on the topic. */
  produced: number;
  /** Records that this run has put into the file of refused ones. */
  refused: number;
}

/** A stop waits so long for Kafka to take the last transaction. */
const STOP_WITHIN_MS = 5_000;

/**
 * Generates events into a topic, going on where its last generator stopped, however it stopped: each number is on the
 * topic exactly once. Every transaction carries the position after it; starting fences the generator before.
 * @throws UsageError for settings that are impossible or not those of the topic's first run
 * @throws ClickstreamError PRODUCER_FENCED when another generator has taken over; KAFKA_UNREACHABLE at the start
 */
export async function generateEvents(options: GenerationOptions): Promise<GenerationResult> {
  const { plan, clock, signal, onRetry } = options;
  const { topic, isEmpty } = await lookAtTopic(plan);
  const group = generatorGroup(topic.name);
  const producer = await Producer.open({
    ...{ kafka: plan.kafka, topic, clock, codec: plan.codec, transactionalId: group, onRetry },
  });
  const finished = new AbortController();
  const giveUp = async (): Promise<void> => {
    await clock.sleep(STOP_WITHIN_MS, finished.signal);
    if (!finished.signal.aborted) await producer.close();
  };
  signal.addEventListener("abort", () => void giveUp(), { once: true });
  const generation = new Generation(options, topic, isEmpty, producer);
  try {
    await generation.run();
  } catch (error) {
    // Kafka was away when the stop came; the last committed position holds.
    if (!signal.aborted || !(error instanceof ClickstreamError) || error.code !== "KAFKA_CONNECTION_LOST") {
      throw error;
    }
  } finally {
    finished.abort();
    await producer.close();
  }
  return { produced: generation.produced, refused: generation.refused };
}

class Generation {
  produced = 0;
  refused = 0;
  readonly #options: GenerationOptions;
  readonly #topic: TopicDescription;
  readonly #isEmpty: boolean;
  readonly #producer: Producer;
  #source: EventWriter | undefined;

  constructor(options: GenerationOptions, topic: TopicDescription, isEmpty: boolean, producer: Producer) {
    this.#options = options;
    this.#topic = topic;
    this.#isEmpty = isEmpty;
    this.#producer = producer;
  }

  /** Again and again from the committed position, until it ends otherwise than by a lost transaction. */
  async run(): Promise<void> {
    const { plan, clock, signal, onProgress, onRetry } = this.#options;
    for (;;) {
      try {
        const position = await this.#position();
        this.produced = position.next;
        this.#source ??= new EventWriter(position.settings);
        const { events: total, rate, live, batch } = plan;
        await runGenerator({
          ...{ source: this.#source, log: this.#producer, clock, position },
          ...{ total, rate, live, batch, signal, onProgress },
          commit: (next) => this.#commit(next),
        });
        await this.#producer.visible();
        return;
      } catch (error) {
        if (!(error instanceof ClickstreamError) || error.code !== "TRANSACTION_LOST") throw error;
        onRetry(error.message);
        await this.#producer.abort();
      }
    }
  }

  /** The recorded position; for a new topic the first one, recorded before any event. */
  async #position(): Promise<GeneratorPosition> {
    const { plan, clock, signal, onRetry } = this.#options;
    const group = generatorGroup(this.#topic.name);
    const query = { kafka: plan.kafka, clock, group, topic: this.#topic.name, partition: 0, signal, onRetry };
    const committed = await committedOffset(query);
    if (committed !== undefined) {
      const recorded = readPosition(group, committed.offset, committed.metadata);
      if (recorded.topicId === this.#topic.id) {
        const settings = settingsToGoOnWith(this.#topic.name, recorded.settings, plan.settings);
        return { ...recorded, settings };
      }
    }
    if (!this.#isEmpty) throw positionUnknown(this.#topic.name);
    const startMs = plan.settings.startMs ?? clock.nowMs() - plan.events;
    const settings = { ...plan.settings, startMs };
    checkGeneratorSettings(settings);
    const first = { next: 0, lastTimeMs: 0, topicId: this.#topic.id, settings };
    this.#producer.begin();
    await this.#commit(first);
    return first;
  }

  async #commit(position: GeneratorPosition): Promise<void> {
    const offsets = [
      {
        group: generatorGroup(this.#topic.name),
        topic: this.#topic.name,
        partition: 0,
        offset: position.next,
        metadata: positionMetadata(position),
      },
    ];
    try {
      await this.#producer.commit(offsets);
    } catch (error) {
      if (!(error instanceof RecordsRefusedError)) throw error;
      await appendRefused(this.#options.plan.refusedPath, this.#topic.name, error.records);
      this.refused += error.records.length;
      await this.#producer.commit(offsets);
    }
    this.produced = position.next;
  }
}

async function lookAtTopic({ kafka, topic: name }: GenerationPlan): Promise<{
  topic: TopicDescription;
  isEmpty: boolean;
}> {
  const cluster = await Cluster.connect(kafka);
  try {
    const topic = await cluster.topic(name);
    if (topic === undefined) {
      throw new UsageError(`Topic ${name} does not exist.`, "Create it, or name another one with --topic.");
    }
    const ends = await cluster.offsets(topic, "lastStable");
    return { topic, isEmpty: [...ends.values()].every((end) => end === 0) };
  } finally {
    await cluster.close();
  }
}

/** Kafka forgets a position seven days (by default) after its last commit: to begin again would repeat events. */
function positionUnknown(topic: string): ClickstreamError {
  return new ClickstreamError({
    code: "GENERATOR_POSITION_UNKNOWN",
    message: `Topic ${topic} holds records, but Kafka has no position of a generator for it: others wrote them, or it expired.`,
    nextStep: "Generate into a new topic.",
  });
}
