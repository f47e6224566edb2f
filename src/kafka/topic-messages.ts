import { APIS } from "./api-versions.ts";
import type { BrokerConnection } from "./connection.ts";
import { RequestWriter } from "./request-writer.ts";
import { ResponseReader } from "./response-reader.ts";

/** A topic as one broker knows it. */
export interface TopicMetadata {
  errorCode: number;
  /** A UUID. */
  id: string;
  /** Every broker that answers, by node. */
  brokers: ReadonlyMap<number, { nodeId: number; host: string; port: number }>;
  /** In the order of their numbers. */
  partitions: { partition: number; leader: { nodeId: number; host: string; port: number } | undefined }[];
}

/** How an administrative request ended. */
export interface AdminResult {
  errorCode: number;
  errorMessage: string;
}

/** The broker answers with a time-out when creation or deletion takes longer. */
const ADMIN_TIMEOUT_MS = 15_000;
const BROKER_DEFAULT = -1;
const CONSUMER = -1;
const ANY_LEADER_EPOCH = -1;
const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;

/** The first offset still there, the one behind which no transaction is open, or the one behind all records. */
export type OffsetAt = "earliest" | "lastStable" | "end";

/** Metadata v12 (Kafka 3.0 and newer). Never creates the topic. */
export async function fetchTopicMetadata(
  connection: BrokerConnection,
  topic: string,
): Promise<TopicMetadata> {
  const request = new RequestWriter();
  request.unsignedVarint(2);
  writeNoUuid(request).compactString(topic).noTaggedFields();
  request.boolean(false).boolean(false).noTaggedFields(); // don't create, no authorized operations
  const reader = new ResponseReader(await connection.call(APIS.metadata, [request.finish()]));
  reader.skip(4); // throttle time
  const brokers = new Map(
    readArray(reader, () => {
      const nodeId = reader.int32();
      const broker = { nodeId, host: reader.compactString() ?? "", port: reader.int32() };
      reader.compactString(); // rack
      return [nodeId, broker] as const;
    }),
  );
  reader.compactString(); // cluster id
  reader.skip(4); // controller
  const topics = readArray(reader, () => {
    const errorCode = reader.int16();
    reader.compactString();
    const id = reader.uuid();
    reader.skip(1); // internal
    const partitions = readArray(reader, () => {
      reader.skip(2); // error: no leader, or a replica is down
      const partition = reader.int32();
      const leader = brokers.get(reader.int32());
      reader.skip(4); // leader epoch
      for (let list = 0; list < 3; list++) reader.skip(4 * Math.max(0, reader.compactArray())); // replicas
      return { partition, leader };
    });
    reader.skip(4); // authorized operations
    return { errorCode, id, brokers, partitions: partitions.sort((a, b) => a.partition - b.partition) };
  });
  return topics[0]!;
}

/** CreateTopics v7; any broker passes it on to the controller. */
export async function requestTopicCreation(
  connection: BrokerConnection,
  topic: string,
  settings: { partitions: number; replicationFactor: number | undefined; configs: Record<string, string> },
): Promise<AdminResult> {
  const request = new RequestWriter();
  request.unsignedVarint(2).compactString(topic).int32(settings.partitions);
  request.int16(settings.replicationFactor ?? BROKER_DEFAULT).unsignedVarint(1); // no assignments by hand
  request.compactArray(Object.entries(settings.configs), (writer, [name, value]) => {
    writer.compactString(name).compactString(value).noTaggedFields();
  });
  request.noTaggedFields().int32(ADMIN_TIMEOUT_MS).boolean(false).noTaggedFields();
  const reader = new ResponseReader(await connection.call(APIS.createTopics, [request.finish()]));
  reader.skip(4 + 1); // throttle time, one topic
  reader.compactString();
  reader.skip(16); // id
  return readResult(reader);
}

/** DeleteTopics v6. */
export async function requestTopicDeletion(
  connection: BrokerConnection,
  topic: string,
): Promise<AdminResult> {
  const request = new RequestWriter().unsignedVarint(2).compactString(topic);
  writeNoUuid(request).noTaggedFields().int32(ADMIN_TIMEOUT_MS).noTaggedFields();
  const reader = new ResponseReader(await connection.call(APIS.deleteTopics, [request.finish()]));
  reader.skip(4 + 1); // throttle time, one topic
  reader.compactString();
  reader.skip(16); // id
  return readResult(reader);
}

/**
 * ListOffsets v7 for partitions that the connection's broker leads: the first offset that is still there, or the last
 * stable one, behind which every transaction is decided.
 */
export async function fetchOffsets(
  connection: BrokerConnection,
  topic: string,
  partitions: readonly number[],
  at: OffsetAt,
): Promise<{ partition: number; errorCode: number; offset: number }[]> {
  const request = new RequestWriter();
  request
    .int32(CONSUMER)
    .int8(at === "end" ? READ_UNCOMMITTED : READ_COMMITTED)
    .unsignedVarint(2)
    .compactString(topic);
  request.compactArray(partitions, (writer, partition) => {
    writer
      .int32(partition)
      .int32(ANY_LEADER_EPOCH)
      .int64(at === "earliest" ? -2 : -1)
      .noTaggedFields();
  });
  request.noTaggedFields().noTaggedFields();
  const reader = new ResponseReader(await connection.call(APIS.listOffsets, [request.finish()]));
  reader.skip(4 + 1); // throttle time, one topic
  reader.compactString();
  return readArray(reader, () => {
    const partition = reader.int32();
    const errorCode = reader.int16();
    reader.skip(8); // timestamp
    const offset = reader.int64();
    reader.skip(4); // leader epoch
    return { partition, errorCode, offset };
  });
}

function readArray<T>(reader: ResponseReader, readItem: () => T): T[] {
  const items: T[] = [];
  for (let left = reader.compactArray(); left > 0; left--) {
    items.push(readItem());
    reader.skipTaggedFields();
  }
  return items;
}

function readResult(reader: ResponseReader): AdminResult {
  return { errorCode: reader.int16(), errorMessage: reader.compactString() ?? "" };
}

/** The topic is meant by its name. */
function writeNoUuid(request: RequestWriter): RequestWriter {
  return request.int64(0).int64(0);
}
