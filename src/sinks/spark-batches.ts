import { appendFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { ClickstreamError } from "../core/errors.ts";
import { entriesOf, linesOf, namesIn, textOf } from "./spark-log.ts";
import { JUDGED_EVENTS, JUDGED_FOLDER } from "./spark-stages.ts";

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

/** A batch that judged records, with the names of the files that it committed. */
interface JudgedBatch extends SparkBatch {
  readonly files: readonly string[];
}

/** A batch of a query that reads those files. */
interface FollowingBatch extends SparkBatch {
  /** The last batch of judged records that was read with it or before; −1: none. */
  readonly judged: number;
  /** The last entry of the source's log that was read. */
  readonly logOffset: number;
}

const RECORD_FILE = "batches.ndjson";

const checkpoint = (output: string, query: string, ...path: string[]): string =>
  join(output, "checkpoints", query, ...path);

/**
 * Writes down the batches of these queries that Spark's checkpoints know and the record does not, and deletes files of judged
 * records that all of them have read. Spark forgets batches more than 100 back, so this is to be called more often than that. One
 * caller at a time.
 */
export async function recordBatches(output: string, queries: readonly string[]): Promise<void> {
  const judged = await judgedBatches(output);
  await append(output, JUDGED_EVENTS, judged.news);
  const read: number[] = [];
  for (const query of queries) {
    const { recorded, news } = await followingBatches(output, query, judged.all);
    news.pop(); // may be planned only
    await append(output, query, news);
    read.push([...recorded, ...news].at(-2)?.judged ?? -1); // Spark looks at the last one again when it starts
  }
  await deleteRead(output, judged.all, Math.min(...read));
}

/**
 * @throws ClickstreamError SPARK_LOG_FORMAT; BATCHES_FORGOTTEN when neither the checkpoint nor the record has all of them
 */
export async function readTimeline(output: string, query: string): Promise<SparkTimeline> {
  const { recorded, news } = await followingBatches(output, query, (await judgedBatches(output)).all);
  const batches = [...recorded, ...news].map(({ batch, watermarkMs, ends }) => ({
    batch,
    watermarkMs,
    ends,
  }));
  const missing = batches.findIndex(({ batch }, index) => batch !== index);
  if (missing >= 0) throw forgotten(query, missing);
  const initial = (await textOf(checkpoint(output, JUDGED_EVENTS, "sources", "0", "0"))).split("\n")[1];
  return { starts: offsetsOf(initial ?? "{}"), batches };
}

async function judgedBatches(output: string): Promise<{ all: JudgedBatch[]; news: JudgedBatch[] }> {
  const recorded = await readRecord<JudgedBatch>(output, JUDGED_EVENTS);
  const known = new Set(recorded.flatMap(({ files }) => files));
  const news: JudgedBatch[] = [];
  for (const { batch, watermarkMs, offsets } of await readOffsetLog(
    output,
    JUDGED_EVENTS,
    lastOf(recorded),
  )) {
    const { log, path } = await committedLog(output, batch);
    if (log === "") break; // planned only
    // A compact entry holds the files of all batches before it, too.
    const names = entriesOf<{ path: string }>(log, path).map(({ path }) => fileName(path));
    const files = names.filter((name) => !known.has(name));
    for (const name of files) known.add(name);
    news.push({ batch, watermarkMs, ends: offsetsOf(offsets), files });
  }
  return { all: [...recorded, ...news], news };
}

async function committedLog(output: string, batch: number): Promise<{ log: string; path: string }> {
  const path = checkpoint(output, JUDGED_FOLDER, "_spark_metadata", String(batch));
  return { log: (await textOf(path)) || (await textOf(`${path}.compact`)), path };
}

/** Batches of a query that reads files of judged records: it has read what they hold. */
async function followingBatches(
  output: string,
  query: string,
  judged: readonly JudgedBatch[],
): Promise<{ recorded: FollowingBatch[]; news: FollowingBatch[] }> {
  const recorded = await readRecord<FollowingBatch>(output, query);
  const planned = await readOffsetLog(output, query, lastOf(recorded));
  if (planned.length === 0) return { recorded, news: [] };
  const batchOfFile = new Map(judged.flatMap(({ batch, files }) => files.map((file) => [file, batch])));
  let { judged: last, logOffset: behind } = recorded.at(-1) ?? { judged: -1, logOffset: -1 };
  const read = await readFileLog(output, query, behind);
  const news: FollowingBatch[] = [];
  for (const { batch, watermarkMs, offsets } of planned) {
    const { logOffset } = JSON.parse(offsets) as { logOffset: number };
    for (const { path, batchId } of read) {
      if (batchId > behind && batchId <= logOffset)
        last = Math.max(last, batchOfFile.get(fileName(path)) ?? -1);
    }
    behind = logOffset;
    news.push({ batch, watermarkMs, ends: judged[last]?.ends ?? {}, judged: last, logOffset });
  }
  return { recorded, news };
}

async function deleteRead(output: string, judged: readonly JudgedBatch[], through: number): Promise<void> {
  const folder = checkpoint(output, JUDGED_FOLDER);
  const present = new Set(await namesIn(folder));
  for (const { files } of judged.slice(0, Math.max(0, through + 1)))
    for (const file of files) if (present.has(file)) await rm(join(folder, file), { force: true });
}

function lastOf(recorded: readonly SparkBatch[]): number {
  return recorded.at(-1)?.batch ?? -1;
}

async function append(output: string, query: string, batches: readonly SparkBatch[]): Promise<void> {
  const lines = batches.map((batch) => `\n${JSON.stringify(batch)}`); // begins one anew behind a line that a crash cut off
  if (lines.length > 0) await appendFile(checkpoint(output, query, RECORD_FILE), lines.join(""));
}

async function readRecord<Batch extends SparkBatch>(output: string, query: string): Promise<Batch[]> {
  const lines = (await textOf(checkpoint(output, query, RECORD_FILE))).split("\n");
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as Batch];
    } catch {
      return []; // cut off by a crash, and written again
    }
  });
}

/** Batches of the checkpoint's log behind one, in order. */
async function readOffsetLog(
  output: string,
  query: string,
  behind: number,
): Promise<{ batch: number; watermarkMs: number; offsets: string }[]> {
  const folder = checkpoint(output, query, "offsets");
  const numbers = (await namesIn(folder)).filter((name) => /^\d+$/.test(name)).map(Number);
  const batches = [];
  for (const batch of numbers.filter((number) => number > behind).sort((a, b) => a - b)) {
    const path = join(folder, String(batch));
    const [metadata, offsets] = linesOf(await textOf(path), path);
    if (metadata === undefined || offsets === undefined) continue;
    const { batchWatermarkMs } = JSON.parse(metadata) as { batchWatermarkMs: number };
    batches.push({ batch, watermarkMs: batchWatermarkMs, offsets });
  }
  return batches;
}

/** Which file a query read with which entry of its source's log, behind one. A compact entry holds all before it, too. */
async function readFileLog(
  output: string,
  query: string,
  behind: number,
): Promise<{ path: string; batchId: number }[]> {
  const folder = checkpoint(output, query, "sources", "0");
  const names = (await namesIn(folder)).filter(
    (name) => /^\d+(?:\.compact)?$/.test(name) && Number.parseInt(name, 10) > behind,
  );
  const files = [];
  for (const name of names) {
    const path = join(folder, name);
    files.push(...entriesOf<{ path: string; batchId: number }>(await textOf(path), path));
  }
  return files;
}

function fileName(path: string): string {
  return decodeURIComponent(basename(path));
}

/** The offsets of the only topic in `{"clickstream":{"0":12}}`. */
function offsetsOf(json: string): Record<string, number> {
  const [offsets = {}] = Object.values(JSON.parse(json) as Record<string, Record<string, number>>);
  return offsets;
}

function forgotten(query: string, batch: number): ClickstreamError {
  return new ClickstreamError({
    code: "BATCHES_FORGOTTEN",
    message: `Nothing says any more what batch ${batch} of the query ${query} read: Spark has forgotten it.`,
    nextStep: "Only the engine's own record reaches further back: this output can't be verified.",
  });
}
