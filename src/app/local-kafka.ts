import type { Clock } from "../core/clock.ts";
import type { Environment } from "../local/environment.ts";
import { ensureJars, type JarsProgress } from "../local/jars.ts";
import { kafkaFolder, readRecord } from "../local/kafka-folder.ts";
import {
  defaultHeapMb,
  type KafkaStatus,
  localKafkaStatus,
  startDetachedKafka,
  stopLocalKafka,
} from "../local/local-kafka.ts";
import { type BrokerLimits, DEFAULT_LIMITS } from "../local/server-properties.ts";
import type { StartOptions } from "../local/start.ts";
import { type KafkaEvent, type LocalKafka, runLocalKafka } from "../local/supervise.ts";
import { BYTES_PER_EVENT, preflight } from "./doctor.ts";

/** What the local Kafka is started with. */
export interface LocalKafkaOptions {
  /** Its folder. */
  dir: string;
  /** As the user gave it; undefined: that of the last time, else 9092. */
  port?: number | undefined;
  /** As the user gave it; undefined: as many as the folder's Kafka has, else one. */
  nodes?: number | undefined;
  /** Of each node; undefined: 1 GB for one node, half of it for each of several. */
  heapMb?: number | undefined;
  limits?: Partial<BrokerLimits>;
  /** What will be on the topic: the default disk bound grows so that all of it stays. */
  expected?: { events: number; partitions: number };
  environment: Environment;
  clock: Clock;
  /** The download of Kafka's jars, on first use. */
  onProgress?: (progress: JarsProgress) => void;
  signal?: AbortSignal;
}

/**
 * `kafka start`: checks the machine, fetches the jars on first use, returns when every node answers. A Kafka that runs
 * already is left as it is (`started` is 0).
 * @throws ClickstreamError, UsageError
 */
export async function kafkaStart(
  options: LocalKafkaOptions,
): Promise<{ status: KafkaStatus; started: number }> {
  const nodes = await nodeCount(options);
  const heapMb = options.heapMb ?? defaultHeapMb(nodes);
  await preflight({ environment: options.environment, kafka: { ...options, nodes, heapMb } });
  return startDetachedKafka(options.dir, await startOptions(options, heapMb));
}

/** `kafka stop`: returns how many nodes were running. Also ends a Kafka that a run supervises, which is told. */
export async function kafkaStop(options: { dir: string; clock: Clock }): Promise<{ stopped: number }> {
  return { stopped: await stopLocalKafka(options.dir, options.clock) };
}

/** Nodes of the Kafka that a folder knows, running or not: what commands use when no brokers are named. */
export function knownBrokers(dir: string): string[] {
  const record = readRecord(kafkaFolder(dir));
  return record === undefined ? [] : record.nodes.map(({ port }) => `127.0.0.1:${port}`);
}

/** `kafka status`: changes nothing. */
export function kafkaStatus(options: { dir: string }): Promise<KafkaStatus> {
  return localKafkaStatus(options.dir);
}

/**
 * The Kafka of a run, restarted by itself when it dies. The caller has done the preflight. When no port is asked for and
 * the usual one is taken, any free one is used.
 * @throws ClickstreamError, UsageError
 */
export async function kafkaForRun(
  options: LocalKafkaOptions & { onEvent: (event: KafkaEvent) => void },
): Promise<LocalKafka> {
  const heapMb = options.heapMb ?? defaultHeapMb(await nodeCount(options));
  return runLocalKafka({
    ...(await startOptions(options, heapMb)),
    dir: options.dir,
    orAnyPort: true,
    onEvent: options.onEvent,
  });
}

async function nodeCount({ dir, nodes }: LocalKafkaOptions): Promise<number> {
  return nodes ?? Math.max(1, (await localKafkaStatus(dir)).nodes.length);
}

async function startOptions(options: LocalKafkaOptions, heapMb: number): Promise<StartOptions> {
  const { port, nodes, environment, clock, signal } = options;
  const jars = await ensureJars(options);
  return {
    ...(port === undefined ? {} : { port }),
    ...(nodes === undefined ? {} : { nodes }),
    limits: { ...expectedLimits(options), ...options.limits },
    ...(signal === undefined ? {} : { signal }),
    runtime: { environment, jars, heapMb },
    clock,
  };
}

function expectedLimits({ expected }: LocalKafkaOptions): Partial<BrokerLimits> {
  if (expected === undefined) return {};
  const evenShare = (expected.events * BYTES_PER_EVENT) / expected.partitions;
  // Users are of uneven activity, so partitions are too.
  const bytes = Math.ceil(2 * evenShare);
  return { retentionBytesPerPartition: Math.max(DEFAULT_LIMITS.retentionBytesPerPartition, bytes) };
}
