import { open } from "node:fs/promises";
import type { RefusedRecord } from "../kafka/producer-errors.ts";

/**
 * Appends records that Kafka will never accept to a file of newline-delimited JSON, and makes it durable: `topic`,
 * `partition`, `timestamp`, `key` and `value` (base64 or null), `reason` (Kafka's name of the error), `detail`.
 * A record is repeated when the generator is killed before its transaction ends.
 */
export async function appendRefused(
  path: string,
  topic: string,
  records: readonly RefusedRecord[],
): Promise<void> {
  const lines = records.map(({ partition, timestampMs, key, value, reason, detail }) =>
    JSON.stringify({
      topic,
      partition,
      timestamp: new Date(timestampMs).toISOString(),
      key: key?.toString("base64") ?? null,
      value: value?.toString("base64") ?? null,
      reason,
      detail,
    }),
  );
  const file = await open(path, "a");
  try {
    await file.appendFile(`${lines.join("\n")}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}
