import { RequestWriter, writeUnsignedVarint } from "./request-writer.ts";
import { ResponseReader } from "./response-reader.ts";

const ALL_IN_SYNC_REPLICAS = -1;
/** How long a leader waits for its followers before it answers REQUEST_TIMED_OUT. */
const REPLICATION_TIMEOUT_MS = 20_000;

/** The parts of a produce request with one batch for each of some partitions of a topic; no batch is copied. */
export function produceRequest(
  transactionalId: string | null,
  topic: string,
  batches: readonly { partition: number; bytes: Buffer }[],
): Buffer[] {
  const head = new RequestWriter()
    .compactString(transactionalId)
    .int16(ALL_IN_SYNC_REPLICAS)
    .int32(REPLICATION_TIMEOUT_MS)
    .unsignedVarint(2)
    .compactString(topic)
    .unsignedVarint(batches.length + 1)
    .finish();
  const parts = [head];
  for (const { partition, bytes } of batches) {
    const before = Buffer.allocUnsafe(9);
    before.writeInt32BE(partition, 0);
    parts.push(before.subarray(0, writeUnsignedVarint(before, bytes.length + 1, 4)), bytes, NO_TAGGED_FIELDS);
  }
  parts.push(NO_TAGGED_FIELDS, NO_TAGGED_FIELDS);
  return parts;
}

const NO_TAGGED_FIELDS = Buffer.from([0]);

/** What became of a partition's batch. */
export interface PartitionResult {
  partition: number;
  errorCode: number;
  /** Records, by their position in the batch, that made Kafka refuse all of it; often empty. */
  refusedRows: { row: number; detail: string }[];
  detail: string | undefined;
}

/** The results in a produce response, one for each batch of the request. */
export function readProduceResponse(response: Buffer): PartitionResult[] {
  const reader = new ResponseReader(response);
  const results: PartitionResult[] = [];
  for (let topics = reader.compactArray(); topics > 0; topics--) {
    reader.compactString();
    for (let partitions = reader.compactArray(); partitions > 0; partitions--) {
      const partition = reader.int32();
      const errorCode = reader.int16();
      reader.skip(24);
      const refusedRows: PartitionResult["refusedRows"] = [];
      for (let rows = reader.compactArray(); rows > 0; rows--) {
        refusedRows.push({ row: reader.int32(), detail: reader.compactString() ?? "" });
        reader.skipTaggedFields();
      }
      results.push({ partition, errorCode, refusedRows, detail: reader.compactString() ?? undefined });
      reader.skipTaggedFields();
    }
    reader.skipTaggedFields();
  }
  return results;
}
