import { appendFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ClickstreamError } from "../core/errors.ts";

/** One batch of a query under Spark. */
export interface SparkBatch {
  readonly batch: number;
  /** Windows that end at or before it are final with this batch; the next one drops what comes for them. */
  readonly watermarkMs: number;
  /** By partition, one past the last offset that the batch read. */
  readonly ends: Readonly<Record<string, number>>;
}

/** All batches of a query, from the first on: what its rows are a function of, beside the topic. */
export interface SparkTimeline {
  /** By partition, where reading began. */
  readonly starts: Readonly<Record<string, number>>;
  readonly batches: readonly SparkBatch[];
}

const RECORD_FILE = "batches.ndjson";

const checkpoint = (output: string, query: string, ...path: string[]): string =>
  join(output, "checkpoints", query, ...path);

/**
 * Writes down the batches of a query that Spark's checkpoint knows and the record does not. Spark forgets those more than
 * 100 batches back, so this is to be called more often than that. One caller at a time.
 */
export async function recordBatches(output: string, query: string): Promise<void> {
  const recorded = (await readRecord(output, query)).at(-1)?.batch ?? -1;
  const news = (await readOffsetLog(output, query, recorded)).slice(0, -1); // the last one may be planned only
  const lines = news.map((batch) => `\n${JSON.stringify(batch)}`); // begins one anew behind a line that a crash cut off
  if (lines.length > 0) await appendFile(checkpoint(output, query, RECORD_FILE), lines.join(""));
}

/**
 * @throws ClickstreamError BATCHES_FORGOTTEN when neither the checkpoint nor the record has all of them
 */
export async function readTimeline(output: string, query: string): Promise<SparkTimeline> {
  const recorded = await readRecord(output, query);
  const batches = [...recorded, ...(await readOffsetLog(output, query, recorded.at(-1)?.batch ?? -1))];
  const missing = batches.findIndex(({ batch }, index) => batch !== index);
  if (missing >= 0) {
    throw new ClickstreamError({
      code: "BATCHES_FORGOTTEN",
      message: `Nothing says any more what batch ${missing} of the query ${query} read: Spark has forgotten it.`,
      nextStep: "Only the engine's own record reaches further back: this output can't be verified.",
    });
  }
  const [, initial = "{}"] = (await textOf(checkpoint(output, query, "sources", "0", "0"))).split("\n");
  return { starts: offsetsOf(initial), batches };
}

async function readRecord(output: string, query: string): Promise<SparkBatch[]> {
  const lines = (await textOf(checkpoint(output, query, RECORD_FILE))).split("\n");
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as SparkBatch];
    } catch {
      return []; // cut off by a crash, and written again
    }
  });
}

/** Batches of the checkpoint's log behind one, in order. */
async function readOffsetLog(output: string, query: string, behind: number): Promise<SparkBatch[]> {
  const folder = checkpoint(output, query, "offsets");
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const numbers = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const batches: SparkBatch[] = [];
  for (const batch of numbers.filter((number) => number > behind).sort((a, b) => a - b)) {
    const [, metadata, offsets] = (await textOf(join(folder, String(batch)))).split("\n");
    if (metadata === undefined || offsets === undefined) continue;
    const { batchWatermarkMs } = JSON.parse(metadata) as { batchWatermarkMs: number };
    batches.push({ batch, watermarkMs: batchWatermarkMs, ends: offsetsOf(offsets) });
  }
  return batches;
}

/** The offsets of the only topic in `{"clickstream":{"0":12}}`. */
function offsetsOf(json: string): Record<string, number> {
  const [offsets = {}] = Object.values(JSON.parse(json) as Record<string, Record<string, number>>);
  return offsets;
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
