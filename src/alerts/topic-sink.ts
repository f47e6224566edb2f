import type { Clock } from "../core/clock.ts";
import { Cluster } from "../kafka/cluster.ts";
import type { KafkaOptions } from "../kafka/options.ts";
import { Producer } from "../kafka/producer.ts";
import { RecordsRefusedError } from "../kafka/producer-errors.ts";
import { type Notification, notificationText } from "./notification.ts";
import { type AlertSink, RefusedNotification } from "./sink.ts";

/** The topic that takes notifications; created with one partition when the first is sent and it is absent. */
export interface TopicSinkOptions {
  kafka: KafkaOptions;
  topic: string;
  clock: Clock;
}

/**
 * Writes notifications to a Kafka topic as JSON. The record's key is rule and key columns, so that a compacted topic keeps
 * the latest of each alert; its header `clickstream.alert-id` is the notification's id.
 */
export class TopicSink implements AlertSink {
  readonly name = "topic";
  readonly #options: TopicSinkOptions;
  #producer: Producer | undefined;

  constructor(options: TopicSinkOptions) {
    this.#options = options;
  }

  async send(notification: Notification, signal: AbortSignal): Promise<void> {
    const stopped = Promise.withResolvers<never>();
    stopped.promise.catch(() => {});
    const stop = (): void => stopped.reject(new Error(`stopped before ${notificationText(notification)}`));
    signal.addEventListener("abort", stop, { once: true });
    try {
      await Promise.race([this.#send(notification), stopped.promise]);
    } catch (error) {
      await this.close();
      if (error instanceof RecordsRefusedError) throw new RefusedNotification(error.message);
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.close();
  }

  async #send(notification: Notification): Promise<void> {
    const { rule, key, id } = notification;
    this.#producer ??= await this.#open();
    const keyBytes = Buffer.from(JSON.stringify([rule, key]));
    const value = Buffer.from(JSON.stringify(notification));
    const partition = this.#producer.partitionFor(keyBytes, 0, keyBytes.length);
    this.#producer.append(
      ...([partition, this.#options.clock.nowMs()] as const),
      ...([keyBytes, 0, keyBytes.length, value, 0, value.length] as const),
      [{ name: "clickstream.alert-id", value: Buffer.from(id) }],
    );
    await this.#producer.flush();
  }

  async #open(): Promise<Producer> {
    const { kafka, topic: name, clock } = this.#options;
    const cluster = await Cluster.connect(kafka);
    try {
      const topic = await cluster.ensureTopic(name, { partitions: 1 });
      return await Producer.open({ kafka, topic, clock, codec: "none" });
    } finally {
      await cluster.close();
    }
  }
}
