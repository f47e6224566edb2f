import { judgedEvents } from "../../src/engines/spark/compile/judged-events.ts";
import { sessionSettings } from "../../src/engines/spark/compile/session-settings.ts";
import { type SparkSession, sqlRelation } from "../../src/engines/spark/connect/api.ts";
import type { EventRules, KeyField } from "../../src/events/event.ts";

/** What Spark says of a value. */
export interface SparkVerdict {
  reason: string | null;
  timeMs: number | null;
  texts: Record<string, string>;
}

export interface JudgedRecord {
  value: Uint8Array | null;
  /** ms since the epoch. */
  recordMs: number;
}

/** Judges records by Spark, all at once. */
export async function judgeBySpark(
  session: SparkSession,
  records: readonly JudgedRecord[],
  { rules, maxAheadMs, fields }: { rules: EventRules; maxAheadMs: number; fields: readonly KeyField[] },
): Promise<SparkVerdict[]> {
  await session.configure(sessionSettings({ shufflePartitions: 2, stateStore: "hdfs" }));
  const rows = records.map(({ value, recordMs }, id) => {
    const literal = value === null ? "CAST(NULL AS BINARY)" : `X'${Buffer.from(value).toString("hex")}'`;
    return `(${id}, ${literal}, timestamp_millis(${recordMs}))`;
  });
  // Repartitioned, so that Spark compiles the verdict to code as it does for a stream.
  const source = `SELECT /*+ REPARTITION(2) */ * FROM VALUES ${rows.join(",\n")} AS t(id, value, timestamp)`;
  await session.createView("judged_records", sqlRelation(source));
  const judged = judgedEvents({
    rules,
    maxAheadMs,
    source: "judged_records",
    record: { id: "id" },
    letter: {},
    fields,
  });
  // Arrow has decimals without their point.
  const texts = fields.map((field) => `CAST(f_${field} AS STRING) AS f_${field}`);
  const sql = `SELECT ${["id", "reason", "time_ms", ...texts].join(", ")} FROM (${judged})`;
  const verdicts: SparkVerdict[] = [];
  for (const row of await session.rows(sql)) {
    const texts = Object.fromEntries(fields.map((field) => [field, String(row[`f_${field}`])]));
    const timeMs = row.time_ms === null ? null : Number(row.time_ms);
    verdicts[Number(row.id)] = { reason: row.reason as string | null, timeMs, texts };
  }
  return verdicts;
}
