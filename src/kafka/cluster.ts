import { systemClock } from "../core/clock.ts";
import { ClickstreamError } from "../core/errors.ts";
import { connectToAny, withLeaders } from "./bootstrap.ts";
import { BrokerConnection } from "./connection.ts";
import { denied, isDenial } from "./denials.ts";
import { ErrorCode } from "./error-codes.ts";
import { isFinal } from "./final-errors.ts";
import type { KafkaOptions } from "./options.ts";
import {
  type AdminResult,
  fetchOffsets,
  fetchTopicMetadata,
  type OffsetAt,
  requestTopicCreation,
  requestTopicDeletion,
} from "./topic-messages.ts";

export type { KafkaOptions } from "./options.ts";

/** A topic and who leads its partitions: plain data, can be sent to a worker thread. */
export interface TopicDescription {
  name: string;
  /** A UUID; a topic that is deleted and created again gets another. */
  id: string;
  /** In the order of their numbers. */
  partitions: { partition: number; leader: { nodeId: number; host: string; port: number } }[];
}

/** An election takes less, even after a broker died without a word. */
const LEADER_WAIT_MS = 15_000;
const POLL_MS = 50;
const MAX_POLL_MS = 1_000;

/** Topics and offsets of a Kafka cluster. For the cold path: a connection to one broker, opened again after it broke. */
export class Cluster {
  #kafka: KafkaOptions;
  #connection: BrokerConnection;
  #reconnecting: Promise<BrokerConnection> | undefined;

  private constructor(kafka: KafkaOptions, connection: BrokerConnection) {
    this.#kafka = kafka;
    this.#connection = connection;
  }

  /** @throws ClickstreamError KAFKA_UNREACHABLE naming the addresses */
  static async connect(kafka: KafkaOptions): Promise<Cluster> {
    return new Cluster(kafka, await connectToAny(kafka));
  }

  /** With the brokers that lead partitions of the topics seen so far: when the named ones are down, ask those. */
  get kafka(): KafkaOptions {
    return this.#kafka;
  }

  /** Undefined when there is no such topic. @throws ClickstreamError */
  async topic(name: string): Promise<TopicDescription | undefined> {
    let pollMs = POLL_MS;
    for (let waitedMs = 0; ; waitedMs += pollMs) {
      const metadata = await this.#ask((connection) => fetchTopicMetadata(connection, name));
      if (metadata.errorCode === ErrorCode.unknownTopicOrPartition) return undefined;
      if (metadata.errorCode === ErrorCode.none) {
        const partitions = metadata.partitions.flatMap(({ partition, leader }) =>
          leader === undefined ? [] : [{ partition, leader }],
        );
        this.#kafka = withLeaders(this.#kafka, { partitions });
        if (partitions.length === metadata.partitions.length) return { name, id: metadata.id, partitions };
      } else if (metadata.errorCode !== ErrorCode.leaderNotAvailable) {
        throw refused(`show the topic ${name}`, metadata.errorCode, "");
      }
      if (waitedMs >= LEADER_WAIT_MS) throw withoutLeader(name);
      pollMs = Math.min(MAX_POLL_MS, pollMs * 2);
      await systemClock.sleep(pollMs);
    }
  }

  /**
   * Returns when every partition has a leader. Without a replication factor the brokers' default holds.
   * @throws ClickstreamError TOPIC_EXISTS, or KAFKA_REFUSED with the broker's reason
   */
  async createTopic(
    name: string,
    settings: { partitions: number; replicationFactor?: number; configs?: Record<string, string> },
  ): Promise<TopicDescription> {
    const { partitions, replicationFactor, configs = {} } = settings;
    let isRepeat = false;
    const result = await this.#ask((connection, again) => {
      isRepeat = again;
      return requestTopicCreation(connection, name, { partitions, replicationFactor, configs });
    });
    const exists = result.errorCode === ErrorCode.topicAlreadyExists;
    // After a lost answer it is most likely our own.
    if (exists && !isRepeat) throw topicExists(name);
    if (!exists) check(result, `create the topic ${name}`);
    for (let waitedMs = 0; waitedMs < LEADER_WAIT_MS; waitedMs += POLL_MS) {
      const topic = await this.topic(name);
      if (topic?.partitions.length === partitions) return topic;
      if (exists && topic !== undefined) throw topicExists(name);
      await systemClock.sleep(POLL_MS);
    }
    throw withoutLeader(name);
  }

  /**
   * The topic as it is, created when it is absent. Another process may create it at the same moment: either's will do.
   * @throws ClickstreamError LEADER_UNKNOWN, or KAFKA_REFUSED with the broker's reason
   */
  async ensureTopic(
    name: string,
    settings: Parameters<Cluster["createTopic"]>[1],
  ): Promise<TopicDescription> {
    for (let waitedMs = 0; ; waitedMs += POLL_MS) {
      const topic = await this.topic(name);
      if (topic !== undefined) return topic;
      try {
        return await this.createTopic(name, settings);
      } catch (error) {
        const other = error instanceof ClickstreamError && error.code === "TOPIC_EXISTS";
        if (!other || waitedMs >= LEADER_WAIT_MS) throw error;
      }
      await systemClock.sleep(POLL_MS);
    }
  }

  /** Returns when brokers no longer know the topic; an absent topic is fine. @throws ClickstreamError KAFKA_REFUSED */
  async deleteTopic(name: string): Promise<void> {
    const result = await this.#ask((connection) => requestTopicDeletion(connection, name));
    if (result.errorCode === ErrorCode.unknownTopicOrPartition) return;
    check(result, `delete the topic ${name}`);
    for (let waitedMs = 0; waitedMs < LEADER_WAIT_MS; waitedMs += POLL_MS) {
      const metadata = await this.#ask((connection) => fetchTopicMetadata(connection, name));
      if (metadata.errorCode === ErrorCode.unknownTopicOrPartition) return;
      await systemClock.sleep(POLL_MS);
    }
  }

  /** Offsets by partition number. @throws ClickstreamError LEADER_UNKNOWN, TOPIC_CHANGED */
  async offsets(topic: TopicDescription, at: OffsetAt): Promise<Map<number, number>> {
    const offsets = new Map<number, number>();
    let description: TopicDescription | undefined = topic;
    let pollMs = POLL_MS;
    for (let waitedMs = 0; ; waitedMs += pollMs) {
      for (const { partition, errorCode, offset } of await this.#offsetsFromLeaders(description, at)) {
        if (errorCode === ErrorCode.none) offsets.set(partition, offset);
        else if (isDenial(errorCode))
          throw refused(`show the offsets of the topic ${topic.name}`, errorCode, "");
      }
      if (offsets.size === topic.partitions.length) return new Map([...offsets].sort(([a], [b]) => a - b));
      if (waitedMs >= LEADER_WAIT_MS) throw withoutLeader(topic.name);
      pollMs = Math.min(MAX_POLL_MS, pollMs * 2);
      await systemClock.sleep(pollMs);
      description = await this.topic(topic.name);
      if (description === undefined || description.id !== topic.id) throw topicChanged(topic.name);
    }
  }

  async close(): Promise<void> {
    this.#connection.close();
    await this.#connection.closed;
  }

  async #offsetsFromLeaders(topic: TopicDescription, at: OffsetAt) {
    const leaders = new Map(topic.partitions.map(({ leader }) => [leader.nodeId, leader]));
    const { clientId, security } = this.#kafka;
    const answers = [...leaders.values()].map(async ({ nodeId, host, port }) => {
      const led = topic.partitions.filter(({ leader }) => leader.nodeId === nodeId);
      const partitions = led.map(({ partition }) => partition);
      try {
        const connection = await BrokerConnection.connect({ host, port, clientId, security });
        try {
          return await fetchOffsets(connection, topic.name, partitions, at);
        } finally {
          connection.close();
        }
      } catch (error) {
        if (isFinal(error)) throw error;
        return []; // asked again with newer leaders
      }
    });
    return (await Promise.all(answers)).flat();
  }

  /** Asks again over a new connection when the old one turns out to be broken: once, so that a dead cluster shows. */
  async #ask<T>(call: (connection: BrokerConnection, isRepeat: boolean) => Promise<T>): Promise<T> {
    try {
      return await call(this.#connection, false);
    } catch (error) {
      if (!(error instanceof ClickstreamError) || error.code !== "KAFKA_CONNECTION_LOST") throw error;
      this.#reconnecting ??= connectToAny(this.#kafka).finally(() => {
        this.#reconnecting = undefined;
      });
      this.#connection = await this.#reconnecting;
      return await call(this.#connection, true);
    }
  }
}

function topicExists(topic: string): ClickstreamError {
  return new ClickstreamError({
    code: "TOPIC_EXISTS",
    message: `The topic ${topic} exists already.`,
    nextStep: "Use it as it is, or choose another name.",
  });
}

/** TOPIC_CHANGED: what is read is no longer what it was. */
export function topicChanged(topic: string): ClickstreamError {
  return new ClickstreamError({
    code: "TOPIC_CHANGED",
    message: `The topic ${topic} was deleted, or deleted and created again.`,
    nextStep: "Start over with a new output folder, or bring the topic back.",
  });
}

/** KAFKA_REFUSED: the broker answers, but not with what was asked for; KAFKA_DENIED: to this client. */
export function refused(what: string, errorCode: number, errorMessage: string): ClickstreamError {
  if (isDenial(errorCode)) return denied(what, errorCode);
  return new ClickstreamError({
    code: "KAFKA_REFUSED",
    message: `Kafka refuses to ${what}: ${errorMessage || `error ${errorCode}`}.`,
    nextStep: "Check the settings and the permissions of this client.",
  });
}

function check({ errorCode, errorMessage }: AdminResult, what: string): void {
  if (errorCode !== ErrorCode.none) throw refused(what, errorCode, errorMessage.replace(/\.$/, ""));
}

function withoutLeader(topic: string): ClickstreamError {
  return new ClickstreamError({
    code: "LEADER_UNKNOWN",
    message: `A partition of the topic ${topic} has no leader.`,
    nextStep: "Start the brokers that hold it.",
  });
}
