import type { RecordHeader } from "../../kafka/record-encoding.ts";
import type { DeadLetter } from "./flush.ts";

/** Names of the headers of a dead letter; `attempt` and `replayOf` also of an event that was sent again. */
export const LETTER_HEADERS = {
  reason: "clickstream.reason",
  topic: "clickstream.topic",
  topicId: "clickstream.topic-id",
  partition: "clickstream.partition",
  offset: "clickstream.offset",
  /** Of the event's record, ms since the epoch; the letter's own says when it was written, as retention expects. */
  timestamp: "clickstream.timestamp",
  /** How many times the event has been sent: 1 for what its producer sent, 2 for its first replay. */
  attempt: "clickstream.attempt",
  /** Bytes of an original that was left out. */
  truncated: "clickstream.truncated",
  /** `topic/partition/offset` of the event that this one repeats. */
  replayOf: "clickstream.replay-of",
} as const;

const OWN_PREFIX = "clickstream.";
const MAX_ATTEMPT = 1_000_000;
/** Kafka's limits on a topic's name; anything else could make a letter that Kafka never takes. */
const ORIGIN = /^[\w.-]{1,249}\/\d{1,10}\/\d{1,19}$/;

/** Headers that a record's producer gave it, which a letter and a replay keep. */
export function foreignHeaders(headers: readonly RecordHeader[]): RecordHeader[] {
  return headers.filter(({ name }) => !name.startsWith(OWN_PREFIX));
}

/** The last header of that name as text; undefined without one. */
export function headerText(headers: readonly RecordHeader[], name: string): string | undefined {
  const value = headers.findLast((header) => header.name === name)?.value;
  return value == null ? undefined : Buffer.from(value).toString();
}

/** The attempt that a record's headers tell; 1 for a record that was not sent again, or says nonsense. */
export function attemptOf(headers: readonly RecordHeader[]): number {
  const text = headerText(headers, LETTER_HEADERS.attempt) ?? "1";
  const attempt = /^[1-9]\d{0,6}$/.test(text) ? Number(text) : 1;
  return Math.min(attempt, MAX_ATTEMPT);
}

/** The origin that a record's headers tell; undefined for one that no letter could have had. */
function originOf(headers: readonly RecordHeader[]): string | undefined {
  const text = headerText(headers, LETTER_HEADERS.replayOf);
  return text !== undefined && ORIGIN.test(text) ? text : undefined;
}

/** The headers of a letter: what identifies it, then those that the event came with. */
export function letterHeaders(
  letter: DeadLetter,
  source: { name: string; id: string },
  truncated: boolean,
): RecordHeader[] {
  const replayOf = originOf(letter.headers);
  const own = {
    [LETTER_HEADERS.reason]: letter.reason,
    [LETTER_HEADERS.topic]: source.name,
    [LETTER_HEADERS.topicId]: source.id,
    [LETTER_HEADERS.partition]: String(letter.partition),
    [LETTER_HEADERS.offset]: String(letter.offset),
    [LETTER_HEADERS.timestamp]: String(letter.timestampMs),
    [LETTER_HEADERS.attempt]: String(attemptOf(letter.headers)),
    ...(replayOf === undefined ? {} : { [LETTER_HEADERS.replayOf]: replayOf }),
    ...(truncated ? { [LETTER_HEADERS.truncated]: String(letter.value?.length ?? 0) } : {}),
  };
  return [...textHeaders(own), ...(truncated ? [] : foreignHeaders(letter.headers))];
}

/** Headers of names and texts. */
export function textHeaders(texts: Readonly<Record<string, string>>): RecordHeader[] {
  return Object.entries(texts).map(([name, text]) => ({ name, value: Buffer.from(text) }));
}

/** Bytes that headers take, about. */
export function headerBytes(headers: readonly RecordHeader[]): number {
  return headers.reduce((sum, { name, value }) => sum + name.length * 3 + (value?.length ?? 0) + 10, 0);
}
