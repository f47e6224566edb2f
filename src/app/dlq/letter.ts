import {
  attemptOf,
  foreignHeaders,
  headerText,
  LETTER_HEADERS,
} from "../../engines/embedded/dead-letter-headers.ts";
import type { RecordColumns } from "../../events/records.ts";
import { recordHeaders } from "../../kafka/record-decoding.ts";
import type { RecordHeader } from "../../kafka/record-encoding.ts";
import { recordKey } from "../../kafka/record-key.ts";

/** A dead letter as it lies in its topic. */
export interface Letter {
  reason: string;
  /** The event that it is about. */
  origin: { topic: string; topicId: string; partition: number; offset: number };
  /** How many times the event had been sent. */
  attempt: number;
  /** Of the event's record, ms since the epoch; negative when it had none. */
  timestampMs: number;
  key: Uint8Array | null;
  value: Uint8Array | null;
  /** Bytes of an original that was too long to be kept. */
  truncatedBytes: number | undefined;
  /** `topic/partition/offset` of the event that the dead one repeated. */
  replayOf: string | undefined;
  /** Those that the event's producer gave it. */
  headers: readonly RecordHeader[];
}

/** A copy of the letter in a row of records; undefined when the record is none. */
export function readLetter(_partition: number, records: RecordColumns, row: number): Letter | undefined {
  const { bytes, timestampMs, valueStart, valueEnd, recordStart } = records;
  const headers = recordHeaders(bytes, recordStart[row]!);
  const text = (name: keyof typeof LETTER_HEADERS) => headerText(headers, LETTER_HEADERS[name]);
  const [reason, topic, topicId = ""] = [text("reason"), text("topic"), text("topicId")];
  const [partition, offset] = [wholeNumber(text("partition")), wholeNumber(text("offset"))];
  if (reason === undefined || topic === undefined || partition === undefined || offset === undefined) {
    return undefined;
  }
  const start = valueStart[row]!;
  return {
    reason,
    origin: { topic, topicId, partition, offset },
    attempt: attemptOf(headers),
    timestampMs: timeOf(text("timestamp") ?? String(timestampMs[row])),
    key: recordKey(bytes, recordStart[row]!),
    value: start < 0 ? null : Uint8Array.prototype.slice.call(bytes, start, valueEnd[row]!),
    truncatedBytes: wholeNumber(text("truncated")),
    replayOf: text("replayOf"),
    headers: foreignHeaders(headers),
  };
}

/** The same for every letter about the same event: a crash of the engine may repeat letters. */
export function identityOf({ origin, attempt }: Letter): string {
  return `${origin.topicId || "-"}/${placeOf(origin)}/${attempt}`;
}

/** `topic/partition/offset`. */
export function placeOf({ topic, partition, offset }: Letter["origin"]): string {
  return `${topic}/${partition}/${offset}`;
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Negative for what is no time that a date can show. */
function timeOf(text: string): number {
  return wholeNumber(text) ?? -1;
}
