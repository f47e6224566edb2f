import { NODE_FILES, type NodePorts } from "./kafka-folder.ts";

/** Limits and sizes of a local Kafka. */
export interface BrokerLimits {
  /** Bytes of a topic's partition after which its oldest segments go. */
  retentionBytesPerPartition: number;
  /**
   * Hours after which a record goes, by its own timestamp; −1: never by age. Records may carry old event times, and
   * Kafka goes by those.
   */
  retentionHours: number;
  /** Partitions of Kafka's own topics (offsets, transactions). */
  internalPartitions: number;
}

/** A disk bound of 2 GiB a partition holds about 8 million events uncompressed, 18 million with lz4. */
export const DEFAULT_LIMITS: BrokerLimits = {
  retentionBytesPerPartition: 2 * 1024 ** 3,
  retentionHours: -1,
  internalPartitions: 4,
};

/**
 * The server.properties of one node: broker and controller in one process, every node a voter, every port on 127.0.0.1,
 * so that no other machine can reach it.
 * @param otherwise settings that are added, or come in place of these
 */
export function serverProperties(
  node: NodePorts,
  nodes: readonly NodePorts[],
  limits: BrokerLimits,
  otherwise: Readonly<Record<string, string>> = {},
): string {
  const replicas = Math.min(nodes.length, 3);
  const inSync = replicas >= 3 ? 2 : 1;
  const segmentBytes = Math.max(
    1024 ** 2,
    Math.min(256 * 1024 ** 2, Math.floor(limits.retentionBytesPerPartition / 4)),
  );
  const settings: Record<string, string | number | boolean> = {
    "process.roles": "broker,controller",
    "node.id": node.nodeId,
    "controller.quorum.voters": nodes.map((n) => `${n.nodeId}@127.0.0.1:${n.controllerPort}`).join(","),
    listeners: `PLAINTEXT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${node.port}`,
    "controller.listener.names": "CONTROLLER",
    // Below the working folder of the process: a whole path could hold a comma, or letters that Java reads wrongly.
    "log.dirs": NODE_FILES.data,

    "default.replication.factor": replicas,
    "min.insync.replicas": inSync,
    "offsets.topic.replication.factor": replicas,
    "offsets.topic.num.partitions": limits.internalPartitions,
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": inSync,
    "transaction.state.log.num.partitions": limits.internalPartitions,
    "share.coordinator.state.topic.replication.factor": replicas,
    "share.coordinator.state.topic.min.isr": inSync,
    "share.coordinator.state.topic.num.partitions": limits.internalPartitions,
    "unclean.leader.election.enable": false,

    // A broker that was killed is waited for as long as its session lasts.
    "broker.session.timeout.ms": 3_000,
    "broker.heartbeat.interval.ms": 500,
    "group.initial.rebalance.delay.ms": 0,
    // A mistyped topic name is an error, not a new topic.
    "auto.create.topics.enable": false,

    "log.retention.bytes": limits.retentionBytesPerPartition,
    "log.retention.hours": limits.retentionHours,
    "log.segment.bytes": segmentBytes,
    // The generator's position lives among the consumer offsets: it must outlast any pause.
    "offsets.retention.minutes": 2 ** 31 - 1,
    // Events one byte over their own limit of 1 MiB must get through, to become dead letters.
    "message.max.bytes": 8 * 1024 ** 2,
    "replica.fetch.max.bytes": 8 * 1024 ** 2,
    // Kafka's default of 128 MB is a large part of a small heap.
    "log.cleaner.dedupe.buffer.size": 8 * 1024 ** 2,
    ...otherwise,
  };
  return `${Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n")}\n`;
}
