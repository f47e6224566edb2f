import { ClickstreamError } from "../core/errors.ts";
import { denialStep, isDenial } from "./denials.ts";
import { errorName, errorSentence } from "./error-names.ts";
import type { RecordHeader } from "./record-encoding.ts";

/** What a broker's error code makes a producer do. */
export type Outcome =
  /** The record is in the log. */
  | "done"
  /** Ask again later, perhaps another broker. */
  | "retry"
  /** These records will never be accepted; others may be. */
  | "refused"
  /** Another producer took over the transactional id, or the transaction timed out. */
  | "fenced"
  /** The broker no longer knows the producer or its transaction. */
  | "lost"
  /** Nothing that this producer sends will be accepted. */
  | "denied";

const OUTCOMES: Record<string, Outcome> = {
  NONE: "done",
  DUPLICATE_SEQUENCE_NUMBER: "done",
  MESSAGE_TOO_LARGE: "refused",
  RECORD_LIST_TOO_LARGE: "refused",
  INVALID_RECORD: "refused",
  INVALID_TIMESTAMP: "refused",
  UNSUPPORTED_FOR_MESSAGE_FORMAT: "refused",
  INVALID_PRODUCER_EPOCH: "fenced",
  PRODUCER_FENCED: "fenced",
  OUT_OF_ORDER_SEQUENCE_NUMBER: "lost",
  UNKNOWN_PRODUCER_ID: "lost",
  INVALID_PRODUCER_ID_MAPPING: "lost",
  INVALID_TXN_STATE: "lost",
  TRANSACTION_ABORTABLE: "lost",
  TOPIC_AUTHORIZATION_FAILED: "denied",
  GROUP_AUTHORIZATION_FAILED: "denied",
  CLUSTER_AUTHORIZATION_FAILED: "denied",
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "denied",
  INVALID_TOPIC_EXCEPTION: "denied",
  INVALID_TRANSACTION_TIMEOUT: "denied",
  INVALID_REQUIRED_ACKS: "denied",
  INVALID_REQUEST: "denied",
  INVALID_GROUP_ID: "denied",
  OFFSET_METADATA_TOO_LARGE: "denied",
  POLICY_VIOLATION: "denied",
  UNSUPPORTED_VERSION: "denied",
  UNSUPPORTED_COMPRESSION_TYPE: "denied",
  SECURITY_DISABLED: "denied",
};

/** What an error code makes a producer do; everything that is not known to be final is retried. */
export function outcomeOf(errorCode: number): Outcome {
  return OUTCOMES[errorName(errorCode)] ?? "retry";
}

/** A record that Kafka will never accept. */
export interface RefusedRecord {
  partition: number;
  /** ms since the epoch. */
  timestampMs: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: RecordHeader[];
  /** Kafka's name of the error: `MESSAGE_TOO_LARGE`. */
  reason: string;
  /** The broker's sentence, or Kafka's general one. */
  detail: string;
}

/** RECORDS_REFUSED: the other records of the flush were accepted, these never will be. */
export class RecordsRefusedError extends ClickstreamError {
  readonly records: readonly RefusedRecord[];

  constructor(topic: string, records: readonly RefusedRecord[]) {
    const first = records[0]!;
    super({
      code: "RECORDS_REFUSED",
      message: `Kafka refused ${records.length} record(s) for topic ${topic} for good; the first with ${first.reason}: ${first.detail}`,
      nextStep: "Compare the records with the topic's settings (max.message.bytes, cleanup.policy).",
    });
    this.name = "RecordsRefusedError";
    this.records = records;
  }
}

/** PRODUCER_FENCED: another producer with the same transactional id has started. */
export function producerFenced(transactionalId: string): ClickstreamError {
  return new ClickstreamError({
    code: "PRODUCER_FENCED",
    message: `Another producer took over the transactional id ${transactionalId}; this one may write no more.`,
    nextStep: "Let one of the two run at a time: stop the other generator or replay, or use another topic.",
  });
}

/** TRANSACTION_LOST: nothing of the open transaction will be visible; `abort()`, then write it again. */
export function transactionLost(reason: string): ClickstreamError {
  return new ClickstreamError({
    code: "TRANSACTION_LOST",
    message: `Kafka gave up the open transaction: ${reason}`,
    nextStep: "Abort it and write its records again.",
  });
}

/** PRODUCE_DENIED: Kafka will not take anything from this producer. */
export function produceDenied(what: string, errorCode: number, detail?: string): ClickstreamError {
  return new ClickstreamError({
    code: "PRODUCE_DENIED",
    message: `Kafka does not allow ${what}: ${errorName(errorCode)}, ${detail ?? errorSentence(errorCode)}`,
    nextStep: isDenial(errorCode)
      ? denialStep(errorCode)
      : "Correct the setting that the error names, then start again.",
  });
}
