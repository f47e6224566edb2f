import { nested, selectFrom, textLiteral } from "./sql-text.ts";

/** As the embedded engine's: Kafka's default limit of a record batch is 1,048,588 bytes; the rest is room for headers. */
const MAX_ORIGINAL_BYTES = 1_000_000;
const MAX_ATTEMPT = 1_000_000;
const OWN_HEADERS = "clickstream.";
const ORIGIN = String.raw`\A[\w.-]{1,249}/\d{1,10}/\d{1,19}\z`;

/** Where letters come from and go to. */
export interface LetterRoute {
  readonly topic: string;
  readonly topicId: string;
  /** Partitions of the topic that takes the letters. */
  readonly partitions: number;
}

/**
 * Letters for Kafka's sink (key, value, headers, partition): the judged records that are no events, with the headers that the embedded engine gives them.
 */
export function deadLetters(judged: string, { topic, topicId, partitions }: LetterRoute): string {
  const letters = selectFrom(
    [
      "*",
      `${lastHeader("attempt")} AS attempt`,
      `${lastHeader("replay-of")} AS origin`,
      `${size()} > ${MAX_ORIGINAL_BYTES} AS truncated`,
    ],
    `${judged}\nWHERE reason IS NOT NULL`,
  );
  const own: readonly [name: string, text: string, condition?: string][] = [
    ["reason", "reason"],
    ["topic", textLiteral(topic)],
    ["topic-id", textLiteral(topicId)],
    ["partition", "partition"],
    ["offset", "offset"],
    ["timestamp", "record_ms"],
    [
      "attempt",
      String.raw`CASE WHEN attempt RLIKE '\\A[1-9][0-9]{0,6}\\z' THEN least(cast(attempt AS int), ${MAX_ATTEMPT}) ELSE 1 END`,
    ],
    ["replay-of", "origin", `origin RLIKE ${textLiteral(ORIGIN)}`],
    ["truncated", "coalesce(length(value), 0)", "truncated"],
  ];
  const headers = own.map(([name, text, condition]) => {
    const header = `named_struct('key', '${OWN_HEADERS}${name}', 'value', cast(cast(${text} AS string) AS binary))`;
    return condition === undefined ? header : `CASE WHEN ${condition} THEN ${header} END`;
  });
  const foreign = `CASE WHEN truncated THEN filter(headers, h -> false) ELSE filter(headers, h -> NOT startswith(h.key, '${OWN_HEADERS}')) END`;
  return selectFrom(
    [
      "CASE WHEN truncated THEN NULL ELSE key END AS key",
      "CASE WHEN truncated THEN NULL ELSE value END AS value",
      `concat(filter(array(\n    ${headers.join(",\n    ")}), h -> h IS NOT NULL),\n    ${foreign}) AS headers`,
      `partition % ${partitions} AS partition`,
    ],
    nested(letters),
  );
}

/** Text of the last header of that name of ours; NULL without one. */
function lastHeader(name: string): string {
  return `cast(try_element_at(filter(headers, h -> h.key = '${OWN_HEADERS}${name}'), -1).value AS string)`;
}

/** Bytes of a record, about: as the embedded engine counts them. */
function size(): string {
  const ofHeaders =
    "aggregate(headers, 0, (sum, h) -> sum + length(h.key) * 3 + coalesce(length(h.value), 0) + 10)";
  return `coalesce(length(key), 0) + coalesce(length(value), 0) + ${ofHeaders}`;
}
