import assert from "node:assert/strict";
import { appendFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readTimeline, recordBatches } from "../../src/sinks/spark-batches.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const batchOf = (batch: number) => ({ batch, watermarkMs: batch * 1_000, ends: { 0: batch * 10, 1: batch } });

async function writeCheckpoint(output: string, batches: readonly number[]): Promise<string> {
  const checkpoint = join(output, "checkpoints", "urls");
  await mkdir(join(checkpoint, "offsets"), { recursive: true });
  await mkdir(join(checkpoint, "sources", "0"), { recursive: true });
  await writeFile(join(checkpoint, "sources", "0", "0"), '\0v1\n{"clicks":{"0":5,"1":0}}');
  for (const batch of batches) {
    const { watermarkMs, ends } = batchOf(batch);
    const lines = [
      "v1",
      JSON.stringify({ batchWatermarkMs: watermarkMs, conf: {} }),
      JSON.stringify({ clicks: ends }),
    ];
    await writeFile(join(checkpoint, "offsets", String(batch)), lines.join("\n"));
  }
  return checkpoint;
}

test("batches are those of the record and those that Spark still knows", async () => {
  await using folder = await temporaryFolder();
  const output = folder.path;
  const checkpoint = await writeCheckpoint(output, [0, 1, 2]);
  await recordBatches(output, "urls");
  await rm(join(checkpoint, "offsets", "0"));
  await appendFile(join(checkpoint, "batches.ndjson"), '\n{"batch":2,"waterm'); // a crash while it was written
  await writeCheckpoint(output, [3]);
  await recordBatches(output, "urls");
  for (const batch of [1, 2]) await rm(join(checkpoint, "offsets", String(batch)));
  const { starts, batches } = await readTimeline(output, "urls");
  assert.deepEqual(starts, { 0: 5, 1: 0 });
  assert.deepEqual(batches, [0, 1, 2, 3].map(batchOf));
});

test("a batch that nobody knows any more is named", async () => {
  await using folder = await temporaryFolder();
  const output = folder.path;
  await writeCheckpoint(output, [1, 2]);
  await assert.rejects(readTimeline(output, "urls"), { code: "BATCHES_FORGOTTEN", message: /batch 0/ });
});
