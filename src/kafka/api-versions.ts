import { ClickstreamError } from "../core/errors.ts";
import { RequestWriter } from "./request-writer.ts";
import { ResponseReader } from "./response-reader.ts";

/** A kind of request, and the versions of it that this program speaks; all of flexible encoding. */
export interface Api {
  name: string;
  key: number;
  oldest: number;
  newest: number;
}

/** What this program asks of a broker. Versions of one API differ at most in what their request and response readers allow for. */
export const APIS = {
  // From version 12 on, the first batch for a partition adds it to the transaction by itself.
  produce: { name: "Produce", key: 0, oldest: 9, newest: 11 },
  // Up to version 12, topics go by name, which does not tell a topic from its successor.
  fetch: { name: "Fetch", key: 1, oldest: 13, newest: 17 },
  listOffsets: { name: "ListOffsets", key: 2, oldest: 7, newest: 7 },
  metadata: { name: "Metadata", key: 3, oldest: 12, newest: 12 },
  offsetCommit: { name: "OffsetCommit", key: 8, oldest: 8, newest: 8 },
  offsetFetch: { name: "OffsetFetch", key: 9, oldest: 7, newest: 7 },
  findCoordinator: { name: "FindCoordinator", key: 10, oldest: 3, newest: 3 },
  createTopics: { name: "CreateTopics", key: 19, oldest: 7, newest: 7 },
  deleteTopics: { name: "DeleteTopics", key: 20, oldest: 6, newest: 6 },
  initProducerId: { name: "InitProducerId", key: 22, oldest: 4, newest: 4 },
  addPartitionsToTransaction: { name: "AddPartitionsToTxn", key: 24, oldest: 3, newest: 3 },
  addOffsetsToTransaction: { name: "AddOffsetsToTxn", key: 25, oldest: 3, newest: 3 },
  endTransaction: { name: "EndTxn", key: 26, oldest: 3, newest: 3 },
  commitOffsetInTransaction: { name: "TxnOffsetCommit", key: 28, oldest: 3, newest: 3 },
} as const satisfies Record<string, Api>;

/** The question itself. Brokers that do not know this version of it answer in version 0. */
export const API_VERSIONS = { key: 18, version: 3 };

const UNSUPPORTED_VERSION = 35;

/** The versions that a broker speaks, by API key. */
export type OfferedVersions = ReadonlyMap<number, { oldest: number; newest: number }>;

/** The body of an ApiVersions request. */
export function encodeApiVersions(): Buffer {
  return new RequestWriter().compactString("clickstream").compactString("1").noTaggedFields().finish();
}

/** Reads the answer to it; empty from a broker that is too old to understand the question. @throws RangeError */
export function decodeApiVersions(bytes: Buffer, bodyStart = 0): OfferedVersions {
  const reader = new ResponseReader(bytes, bodyStart);
  const offered = new Map<number, { oldest: number; newest: number }>();
  if (reader.int16() === UNSUPPORTED_VERSION) return offered;
  for (let left = reader.compactArray(); left > 0; left--) {
    offered.set(reader.int16(), { oldest: reader.int16(), newest: reader.int16() });
    reader.skipTaggedFields();
  }
  return offered;
}

/**
 * The newest version of an API that both sides speak.
 * @throws ClickstreamError KAFKA_VERSION_UNSUPPORTED: no amount of waiting helps
 */
export function chooseVersion(api: Api, offered: OfferedVersions, address: string): number {
  const range = offered.get(api.key);
  const version = Math.min(api.newest, range?.newest ?? -1);
  if (range !== undefined && version >= Math.max(api.oldest, range.oldest)) return version;
  throw unsupported(api, range, address);
}

function unsupported(
  api: Api,
  range: { oldest: number; newest: number } | undefined,
  address: string,
): ClickstreamError {
  const isTooNew = range !== undefined && range.oldest > api.newest;
  const spoken =
    range === undefined ? `no ${api.name}` : `${api.name} in versions ${range.oldest} to ${range.newest}`;
  return new ClickstreamError({
    code: "KAFKA_VERSION_UNSUPPORTED",
    message: `Kafka at ${address} is too ${isTooNew ? "new" : "old"}: it offers ${spoken}, and ${isTooNew ? `at most ${api.newest}` : `at least ${api.oldest}`} is needed.`,
    nextStep: isTooNew
      ? "Upgrade clickstream: this version knows Kafka 3.5 to 4.4."
      : "Upgrade the broker to Kafka 3.5 or newer.",
  });
}
