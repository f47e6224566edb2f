import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { ClickstreamError } from "../../core/errors.ts";
import { formatBeyond, newerFormat } from "../../core/newer-format.ts";
import { replaceFileSync } from "../../core/replace-file.ts";
import { checkOwnership } from "../embedded/ownership.ts";
import type { Ownership } from "../embedded/state-store.ts";
import type { QueryTotals } from "./query-totals.ts";

/** What Spark fixes in a checkpoint when a query first runs. */
export interface FixedSettings {
  shufflePartitions: number;
  stateStore: "rocksdb" | "hdfs";
}

const SPARK_STATE_FORMAT = 2;

/** `checkpoints/spark.json`: what this program must know to find its queries again. Spark's own state lies beside it. */
export interface SparkState {
  format: typeof SPARK_STATE_FORMAT;
  ownership: Ownership;
  fixed: FixedSettings;
  /** Partition → first offset read. */
  startOffsets: Readonly<Record<string, number>>;
  /** The session in which the queries run or ran. */
  sessionId: string;
  /** Names the job that was submitted to that session; null when nothing runs there. */
  submitted: string | null;
  /** By query. */
  totals: Readonly<Record<string, QueryTotals>>;
}

/** Where the checkpoints of an output lie. */
export function checkpointsOf(output: string): string {
  return join(output, "checkpoints");
}

/** Undefined when the output has none. @throws ClickstreamError STATE_FORMAT, STATE_UNREADABLE */
export function readState(output: string): SparkState | undefined {
  const path = stateFile(output);
  if (!existsSync(path)) return undefined;
  try {
    const state = JSON.parse(readFileSync(path, "utf8")) as SparkState;
    const found = formatBeyond(SPARK_STATE_FORMAT, state);
    if (found !== undefined) {
      const what = `Spark's state in ${path}`;
      throw newerFormat({ code: "STATE_FORMAT", what, found, known: SPARK_STATE_FORMAT });
    }
    if (state.format !== SPARK_STATE_FORMAT) throw new Error(`its format is ${state.format}`);
    return state;
  } catch (cause) {
    if (cause instanceof ClickstreamError) throw cause;
    throw new ClickstreamError({
      code: "STATE_UNREADABLE",
      message: `${path} can't be read: ${cause instanceof Error ? cause.message : cause}.`,
      nextStep: "Restore the file, use another --output, or start over with --fresh.",
      cause,
    });
  }
}

export function writeState(output: string, state: SparkState): void {
  replaceFileSync(stateFile(output), `${JSON.stringify(state, undefined, 1)}\n`);
}

/**
 * Refuses to go on from checkpoints that were made for something else.
 * @throws ClickstreamError TOPIC_CHANGED, QUERY_CHANGED, SETTINGS_CHANGED
 */
export function checkFit(stored: SparkState, current: Ownership, wanted: Partial<FixedSettings>): void {
  const { topic, queries, windows, rules } = stored.ownership;
  checkOwnership({ topic, queries: [], windows, rules }, { ...current, queries: [] });
  const plain = JSON.parse(JSON.stringify(current.queries)) as Ownership["queries"];
  for (const name of new Set([...queries, ...plain].map((plan) => plan.name))) {
    const before = queries.find((plan) => plan.name === name);
    const now = plain.find((plan) => plan.name === name);
    if (isDeepStrictEqual(before, now)) continue;
    const what = before === undefined ? "is new" : now === undefined ? "is missing" : "was changed";
    throw new ClickstreamError({
      code: "QUERY_CHANGED",
      message: `The query ${name} ${what} since the checkpoints of this output were made, and Spark can't fit them to it.`,
      nextStep: `Declare ${name} as it was, use another --output, or start over with --fresh.`,
    });
  }
  for (const [key, flag] of [
    ["shufflePartitions", "--shuffle-partitions"],
    ["stateStore", "--state-store"],
  ] as const) {
    if (wanted[key] === undefined || wanted[key] === stored.fixed[key]) continue;
    throw new ClickstreamError({
      code: "SETTINGS_CHANGED",
      message: `The checkpoints of this output were made with ${flag} ${stored.fixed[key]}, which Spark can't change: ${wanted[key]} is asked for.`,
      nextStep: `Leave ${flag} out, use another --output, or start over with --fresh.`,
    });
  }
}

function stateFile(output: string): string {
  return join(checkpointsOf(output), "spark.json");
}
