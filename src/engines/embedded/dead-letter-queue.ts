import type { Clock } from "../../core/clock.ts";
import { ClickstreamError } from "../../core/errors.ts";
import type { Cluster } from "../../kafka/cluster.ts";
import type { KafkaOptions } from "../../kafka/options.ts";
import { Producer } from "../../kafka/producer.ts";
import { headerBytes, letterHeaders } from "./dead-letter-headers.ts";
import type { DeadLetter } from "./flush.ts";

/** Kafka's default limit of a record batch is 1,048,588 bytes; the rest is room for headers. */
const MAX_ORIGINAL_BYTES = 1_000_000;
/** A person who stopped the program waits no longer for a topic that can't be written. */
const STOP_GRACE_MS = 5_000;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 2_000;
/** What passes by itself, or when somebody else has just made the topic. */
const PASSING = ["KAFKA_UNREACHABLE", "KAFKA_CONNECTION_LOST", "LEADER_UNKNOWN"];

/** What a dead-letter queue is opened with. */
export interface DeadLetterOptions {
  kafka: KafkaOptions;
  cluster: Cluster;
  clock: Clock;
  /** Topic that the letters come from. */
  source: { name: string; id: string; partitions: number };
  /** Topic that takes the letters; created when the first one is sent. */
  topic: string;
  onRetry(message: string): void;
}

/**
 * Sends rejected events to a topic of their own, as they came, with the reason and their origin in headers. A letter may
 * arrive again after a crash: readers count by (topic, partition, offset, attempt).
 */
export class DeadLetterQueue {
  private readonly options: DeadLetterOptions;
  private readonly closing = new AbortController();
  private producer: Promise<Producer> | undefined;

  constructor(options: DeadLetterOptions) {
    this.options = options;
  }

  /**
   * Returns when Kafka has acknowledged all letters; what fails for now is tried again until then.
   * @throws ClickstreamError DEAD_LETTERS_REFUSED when Kafka will never take them, or the producer's own errors
   */
  async send(letters: readonly DeadLetter[], signal: AbortSignal): Promise<void> {
    if (letters.length === 0) return;
    const ended = new AbortController();
    const stopped = Promise.withResolvers<never>();
    stopped.promise.catch(() => {});
    const stop = async (): Promise<void> => {
      await this.options.clock.sleep(STOP_GRACE_MS, ended.signal);
      stopped.reject(this.interrupted());
    };
    if (signal.aborted) void stop();
    signal.addEventListener("abort", stop, { once: true });
    try {
      await Promise.race([this.deliver(letters), stopped.promise]);
    } finally {
      ended.abort();
      signal.removeEventListener("abort", stop);
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
    const producer = await this.producer?.catch(() => undefined);
    await producer?.close();
  }

  private async deliver(letters: readonly DeadLetter[]): Promise<void> {
    this.producer ??= this.open();
    const producer = await this.producer;
    for (const letter of letters) {
      await producer.ready();
      this.append(producer, letter);
    }
    await producer.flush();
  }

  private append(producer: Producer, letter: DeadLetter): void {
    const bytes = (letter.value?.length ?? 0) + (letter.key?.length ?? 0) + headerBytes(letter.headers);
    const truncated = bytes > MAX_ORIGINAL_BYTES;
    const key = truncated ? null : letter.key;
    const value = truncated ? null : letter.value;
    const partition = letter.partition % producer.topic.partitions.length;
    producer.append(
      partition,
      this.options.clock.nowMs(),
      key,
      0,
      key?.length ?? 0,
      value,
      0,
      value?.length ?? 0,
      letterHeaders(letter, this.options.source, truncated),
    );
  }

  /** Waits for a Kafka that is away, as the producer does once it is open. */
  private async open(): Promise<Producer> {
    const { clock, onRetry } = this.options;
    for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
      try {
        return await this.openNow();
      } catch (error) {
        const passes = error instanceof ClickstreamError && PASSING.includes(error.code);
        if (!passes || this.closing.signal.aborted) throw error;
        onRetry(error.message);
      }
      await clock.sleep(delayMs, this.closing.signal);
    }
  }

  private async openNow(): Promise<Producer> {
    const { kafka, cluster, clock, source, topic: name, onRetry } = this.options;
    const topic = await cluster.ensureTopic(name, { partitions: source.partitions });
    return Producer.open({ kafka, topic, clock, codec: "none", onRetry });
  }

  private interrupted(): ClickstreamError {
    return new ClickstreamError({
      code: "DEAD_LETTERS_PENDING",
      message: `Stopped before the dead letters of the last moments could be written to ${this.options.topic}.`,
      nextStep:
        "Nothing is lost: the next run reads these events again. Check that the topic can be written.",
    });
  }
}
