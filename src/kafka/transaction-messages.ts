import { APIS, type Api } from "./api-versions.ts";
import { RequestWriter } from "./request-writer.ts";
import { ResponseReader } from "./response-reader.ts";

/** A request as `BrokerConnection.call` takes it, and how its response is read. */
export interface Call<T> {
  api: Api;
  body: Buffer;
  read(response: Buffer): T;
}

/** Who asks: a producer in a certain epoch. */
export interface ProducerIdentity {
  producerId: number;
  producerEpoch: number;
}

/** Where a group or a transactional id is coordinated. */
export interface Coordinator {
  errorCode: number;
  nodeId: number;
  host: string;
  port: number;
}

/** FindCoordinator v3. */
export function findCoordinator(kind: "group" | "transaction", key: string): Call<Coordinator> {
  return {
    api: APIS.findCoordinator,
    body: new RequestWriter()
      .compactString(key)
      .int8(kind === "group" ? 0 : 1)
      .noTaggedFields()
      .finish(),
    read(response) {
      const reader = new ResponseReader(response);
      reader.int32();
      const errorCode = reader.int16();
      reader.compactString();
      return { errorCode, nodeId: reader.int32(), host: reader.compactString() ?? "", port: reader.int32() };
    },
  };
}

/** InitProducerId v4: with `current`, the epoch is raised only if nobody else has raised it. */
export function initProducerId(
  transactionalId: string | null,
  transactionTimeoutMs: number,
  current?: ProducerIdentity,
): Call<ProducerIdentity & { errorCode: number }> {
  return {
    api: APIS.initProducerId,
    body: new RequestWriter()
      .compactString(transactionalId)
      .int32(transactionTimeoutMs)
      .int64(current?.producerId ?? -1)
      .int16(current?.producerEpoch ?? -1)
      .noTaggedFields()
      .finish(),
    read(response) {
      const reader = new ResponseReader(response);
      reader.int32();
      return { errorCode: reader.int16(), producerId: reader.int64(), producerEpoch: reader.int16() };
    },
  };
}

/** AddPartitionsToTxn v3; reads the first error code, 0 if there is none. */
export function addPartitionsToTransaction(
  transactionalId: string,
  { producerId, producerEpoch }: ProducerIdentity,
  topic: string,
  partitions: readonly number[],
): Call<number> {
  const body = new RequestWriter()
    .compactString(transactionalId)
    .int64(producerId)
    .int16(producerEpoch)
    .compactArray([topic], (writer, name) => {
      writer.compactString(name);
      writer.compactArray(partitions, (_, partition) => writer.int32(partition)).noTaggedFields();
    })
    .noTaggedFields()
    .finish();
  return { api: APIS.addPartitionsToTransaction, body, read: firstPartitionError };
}

/** AddOffsetsToTxn v3; reads the error code. */
export function addOffsetsToTransaction(
  transactionalId: string,
  { producerId, producerEpoch }: ProducerIdentity,
  group: string,
): Call<number> {
  const writer = new RequestWriter().compactString(transactionalId).int64(producerId).int16(producerEpoch);
  return {
    api: APIS.addOffsetsToTransaction,
    body: writer.compactString(group).noTaggedFields().finish(),
    read: errorAfterThrottle,
  };
}

/** A position of a consumer group in a partition. */
export interface GroupOffset {
  group: string;
  topic: string;
  partition: number;
  offset: number;
  /** Any text up to the broker's `offset.metadata.max.bytes` (4,096). */
  metadata: string;
}

/** TxnOffsetCommit v3 for one partition; reads the error code. */
export function commitOffsetInTransaction(
  transactionalId: string,
  { producerId, producerEpoch }: ProducerIdentity,
  offset: GroupOffset,
): Call<number> {
  const body = new RequestWriter()
    .compactString(transactionalId)
    .compactString(offset.group)
    .int64(producerId)
    .int16(producerEpoch)
    .int32(NO_GENERATION)
    .compactString("")
    .compactString(null)
    .compactArray([offset], (writer, { topic, partition, offset: position, metadata }) => {
      writer.compactString(topic).compactArray([partition], () => {
        writer.int32(partition).int64(position).int32(-1).compactString(metadata).noTaggedFields();
      });
      writer.noTaggedFields();
    })
    .noTaggedFields()
    .finish();
  return { api: APIS.commitOffsetInTransaction, body, read: firstPartitionError };
}

/** The group has no members: its offsets are kept by hand. */
const NO_GENERATION = -1;

/** EndTxn v3; reads the error code. */
export function endTransaction(
  transactionalId: string,
  { producerId, producerEpoch }: ProducerIdentity,
  commit: boolean,
): Call<number> {
  const writer = new RequestWriter().compactString(transactionalId).int64(producerId).int16(producerEpoch);
  return {
    api: APIS.endTransaction,
    body: writer.boolean(commit).noTaggedFields().finish(),
    read: errorAfterThrottle,
  };
}

/** A committed position; offset −1 if there is none. */
export interface CommittedOffset {
  errorCode: number;
  offset: number;
  metadata: string;
}

/** OffsetFetch v7 of one partition, refusing to answer while a transaction is about to change it. */
export function fetchCommittedOffset(group: string, topic: string, partition: number): Call<CommittedOffset> {
  const body = new RequestWriter()
    .compactString(group)
    .compactArray([topic], (writer, name) => {
      writer.compactString(name);
      writer.compactArray([partition], () => writer.int32(partition)).noTaggedFields();
    })
    .boolean(true)
    .noTaggedFields()
    .finish();
  return {
    api: APIS.offsetFetch,
    body,
    read(response) {
      const reader = new ResponseReader(response);
      reader.int32();
      const found = { errorCode: 0, offset: -1, metadata: "" };
      for (let topics = reader.compactArray(); topics > 0; topics--) {
        reader.compactString();
        for (let partitions = reader.compactArray(); partitions > 0; partitions--) {
          reader.int32();
          found.offset = reader.int64();
          reader.int32();
          found.metadata = reader.compactString() ?? "";
          found.errorCode = reader.int16();
          reader.skipTaggedFields();
        }
        reader.skipTaggedFields();
      }
      const groupError = reader.int16();
      return groupError === 0 ? found : { ...found, errorCode: groupError };
    },
  };
}

/** What the good partitions of a request get when another one is refused. */
const OPERATION_NOT_ATTEMPTED = 55;

function errorAfterThrottle(response: Buffer): number {
  return response.readInt16BE(4);
}

function firstPartitionError(response: Buffer): number {
  const reader = new ResponseReader(response);
  reader.int32();
  let errorCode = 0;
  for (let topics = reader.compactArray(); topics > 0; topics--) {
    reader.compactString();
    for (let partitions = reader.compactArray(); partitions > 0; partitions--) {
      reader.int32();
      const partitionError = reader.int16();
      if (errorCode === 0 || errorCode === OPERATION_NOT_ATTEMPTED) errorCode = partitionError;
      reader.skipTaggedFields();
    }
    reader.skipTaggedFields();
  }
  return errorCode;
}
