import type { AbortedTransaction } from "./aborted-transactions.ts";
import { RequestWriter } from "./request-writer.ts";
import { ResponseReader } from "./response-reader.ts";

/** What a fetch asks for. */
export interface FetchRequest {
  topicId: string;
  /** The broker fills its response in this order. */
  partitions: readonly { partition: number; fetchOffset: number }[];
  /** How long the broker waits for the first byte. */
  maxWaitMs: number;
  /** Limits in bytes; a first batch that is larger comes nevertheless. */
  maxBytes: number;
  partitionMaxBytes: number;
  /** Where this program is, so that the broker may propose a follower there; empty for nowhere. */
  rack: string;
}

/** What a response says of one partition; the record batches are [recordsStart, recordsEnd) of the response. */
export interface FetchedPartition {
  partition: number;
  errorCode: number;
  /** −1 when the broker doesn't know. */
  highWatermark: number;
  lastStableOffset: number;
  aborted: AbortedTransaction[];
  /** Node to read from instead; −1 for none. Then there are no records, and the ends are the leader's. */
  preferredReplica: number;
  recordsStart: number;
  /** The last batch may be cut off by it. */
  recordsEnd: number;
}

const CONSUMER = -1;
const NOTHING_KNOWN = -1;
const MIN_BYTES = 1;
const READ_COMMITTED = 1;
const NO_SESSION_EPOCH = -1;

/** From this version on only replicas say who they are. */
const CONSUMERS_ARE_NAMELESS = 15;

/** The body of a fetch request that reads committed records, outside of any fetch session. */
export function encodeFetch(request: FetchRequest, version: number): Buffer {
  const writer = new RequestWriter();
  if (version < CONSUMERS_ARE_NAMELESS) writer.int32(CONSUMER);
  writer.int32(request.maxWaitMs).int32(MIN_BYTES).int32(request.maxBytes);
  writer.int8(READ_COMMITTED).int32(0).int32(NO_SESSION_EPOCH).unsignedVarint(2);
  for (const byte of Buffer.from(request.topicId.replaceAll("-", ""), "hex")) writer.int8((byte << 24) >> 24);
  writer.compactArray(request.partitions, (_, { partition, fetchOffset }) => {
    writer.int32(partition).int32(NOTHING_KNOWN).int64(fetchOffset).int32(NOTHING_KNOWN).int64(NOTHING_KNOWN);
    writer.int32(request.partitionMaxBytes).noTaggedFields();
  });
  writer.noTaggedFields(); // the topic's
  writer.unsignedVarint(1).compactString(request.rack).noTaggedFields(); // nothing forgotten
  return writer.finish();
}

/** Reads everything but the records. @throws RangeError when the response ends early */
export function decodeFetch(
  bytes: Buffer,
  bodyStart: number,
): { errorCode: number; topicId: string | undefined; partitions: FetchedPartition[] } {
  const reader = new ResponseReader(bytes, bodyStart);
  reader.skip(4); // throttle time
  const errorCode = reader.int16();
  reader.skip(4); // session id
  const partitions: FetchedPartition[] = [];
  let topicId: string | undefined;
  for (let topics = reader.compactArray(); topics > 0; topics--) {
    topicId = reader.uuid();
    for (let left = reader.compactArray(); left > 0; left--) partitions.push(decodePartition(reader));
    reader.skipTaggedFields();
  }
  return { errorCode, topicId, partitions };
}

function decodePartition(reader: ResponseReader): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = reader.int64();
  reader.skip(8); // log start offset
  const aborted: AbortedTransaction[] = [];
  for (let left = reader.compactArray(); left > 0; left--) {
    aborted.push({ producerId: reader.int64(), firstOffset: reader.int64() });
    reader.skipTaggedFields();
  }
  const preferredReplica = reader.int32();
  const recordsBytes = Math.max(0, reader.compactArray());
  const recordsStart = reader.position;
  reader.skip(recordsBytes);
  const recordsEnd = reader.position;
  reader.skipTaggedFields();
  return {
    partition,
    errorCode,
    highWatermark,
    lastStableOffset,
    aborted,
    preferredReplica,
    recordsStart,
    recordsEnd,
  };
}
