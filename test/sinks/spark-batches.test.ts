import assert from "node:assert/strict";
import { appendFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readTimeline, recordBatches } from "../../src/sinks/spark-batches.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const endsOf = (judged: number) => ({ 0: judged * 10 + 10, 1: judged + 1 });
const entry = (name: string, more: object) =>
  JSON.stringify({ path: `file:///elsewhere/output/checkpoints/judged/${name}`, ...more });

/** A batch of judged records, with a file, as Spark leaves it. Every third entry of the sink's log holds all before it. */
async function judge(output: string, batch: number): Promise<void> {
  const checkpoint = join(output, "checkpoints", "judged_events");
  await mkdir(join(checkpoint, "offsets"), { recursive: true });
  await mkdir(join(checkpoint, "sources", "0"), { recursive: true });
  await writeFile(join(checkpoint, "sources", "0", "0"), '\0v1\n{"clicks":{"0":5,"1":0}}');
  await writeOffsets(checkpoint, batch, 0, JSON.stringify({ clicks: endsOf(batch) }));
  const folder = join(output, "checkpoints", "judged");
  await mkdir(join(folder, "_spark_metadata"), { recursive: true });
  const isCompact = batch % 3 === 2;
  const batches = isCompact ? Array.from({ length: batch + 1 }, (_, number) => number) : [batch];
  const lines = batches.map((number) => entry(`part-${number}.parquet`, { action: "add" }));
  const name = isCompact ? `${batch}.compact` : `${batch}`;
  await writeFile(join(folder, "_spark_metadata", name), ["v1", ...lines].join("\n"));
  await writeFile(join(folder, `part-${batch}.parquet`), "");
}

/** A batch of the query `urls` that reads batches of judged records, or none. */
async function follow(
  output: string,
  batch: number,
  logOffset: number,
  judged: readonly number[],
): Promise<void> {
  const checkpoint = join(output, "checkpoints", "urls");
  await mkdir(join(checkpoint, "offsets"), { recursive: true });
  await mkdir(join(checkpoint, "sources", "0"), { recursive: true });
  await writeOffsets(checkpoint, batch, batch * 1_000, JSON.stringify({ logOffset }));
  if (judged.length === 0) return;
  const lines = judged.map((number) => entry(`part-${number}.parquet`, { batchId: logOffset }));
  await writeFile(join(checkpoint, "sources", "0", String(logOffset)), ["v1", ...lines].join("\n"));
}

function writeOffsets(
  checkpoint: string,
  batch: number,
  watermarkMs: number,
  offsets: string,
): Promise<void> {
  const metadata = JSON.stringify({ batchWatermarkMs: watermarkMs, conf: {} });
  return writeFile(join(checkpoint, "offsets", String(batch)), ["v1", metadata, offsets].join("\n"));
}

async function forget(output: string, query: string, batch: number): Promise<void> {
  await rm(join(output, "checkpoints", query, "offsets", String(batch)));
}

test("batches are those of the record and those that Spark still knows", async () => {
  await using folder = await temporaryFolder();
  const output = folder.path;
  for (const batch of [0, 1, 2]) await judge(output, batch);
  await follow(output, 0, 0, [0]);
  await follow(output, 1, 0, []); // without data, because the watermark moved
  await follow(output, 2, 1, [1, 2]);
  await recordBatches(output, ["urls"]);
  for (const batch of [0, 1, 2]) await forget(output, "judged_events", batch);
  for (const batch of [0, 1]) await forget(output, "urls", batch);
  await appendFile(join(output, "checkpoints", "urls", "batches.ndjson"), '\n{"batch":2,"waterm'); // a crash while it was written
  await judge(output, 3);
  await follow(output, 3, 2, [3]);
  await recordBatches(output, ["urls"]);
  await forget(output, "urls", 2);
  const { starts, batches } = await readTimeline(output, "urls");
  assert.deepEqual(starts, { 0: 5, 1: 0 });
  assert.deepEqual(batches, [
    { batch: 0, watermarkMs: 0, ends: endsOf(0) },
    { batch: 1, watermarkMs: 1_000, ends: endsOf(0) },
    { batch: 2, watermarkMs: 2_000, ends: endsOf(2) },
    { batch: 3, watermarkMs: 3_000, ends: endsOf(3) },
  ]);
});

test("files that every query has read are deleted, but not what Spark may look at again", async () => {
  await using folder = await temporaryFolder();
  const output = folder.path;
  const left = async () => (await readdir(join(output, "checkpoints", "judged"))).sort();
  for (const batch of [0, 1, 2, 3]) await judge(output, batch);
  for (const batch of [0, 1, 2, 3]) await follow(output, batch, batch, [batch]);
  const uncommitted = join(output, "checkpoints", "judged", "part-of-a-killed-task.parquet");
  await writeFile(uncommitted, "");
  await recordBatches(output, ["urls", "letters"]); // letters has read nothing
  assert.equal((await left()).length, 6);
  await recordBatches(output, ["urls"]);
  const names = ["part-2.parquet", "part-3.parquet", "part-of-a-killed-task.parquet"];
  assert.deepEqual(await left(), ["_spark_metadata", ...names]);
});

test("a batch that nobody knows any more is named", async () => {
  await using folder = await temporaryFolder();
  const output = folder.path;
  await judge(output, 0);
  await follow(output, 1, 0, [0]);
  await assert.rejects(readTimeline(output, "urls"), { code: "BATCHES_FORGOTTEN", message: /batch 0/ });
});
