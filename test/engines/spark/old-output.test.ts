// What a run under Spark leaves, of every format so far, in test/fixtures: without rows and without Spark's own state, which
// only Spark reads. It is read on, fits its queries, and a newer one is refused.
import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { sparkSubject } from "../../../src/app/verification/verify-spark.ts";
import { checkFit, readState } from "../../../src/engines/spark/spark-state.ts";
import { STANDARD_QUERIES } from "../../../src/queries/standard.ts";
import { readManifest } from "../../../src/sinks/manifest-file.ts";
import { recordBatches } from "../../../src/sinks/spark-batches.ts";
import { committedFiles } from "../../../src/sinks/spark-files.ts";
import { temporaryFolder } from "../../sinks/temporary-folder.ts";

const FIXTURES = ["spark-2"];
const fixtureOf = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));

async function manifestOf(output: string) {
  const manifest = await readManifest(output);
  assert.ok(manifest !== undefined);
  return manifest;
}

for (const name of FIXTURES) {
  test(`${name}: its state fits the same queries, and its batches cover all that was read`, async () => {
    const output = fixtureOf(name);
    const state = readState(output);
    assert.ok(state !== undefined);
    checkFit(state, { ...state.ownership, queries: STANDARD_QUERIES }, {});
    const manifest = await manifestOf(output);
    assert.deepEqual(manifest.topic, state.ownership.topic);
    const { queries, ranges } = await sparkSubject(output, manifest);
    assert.deepEqual(
      ranges.map(({ partition, from, to }) => [partition, from, to]),
      manifest.partitions.map(({ partition, startOffset, position }) => [partition, startOffset, position]),
    );
    for (const { plan, timeline, lastBatch } of queries) {
      assert.ok(timeline.batches[lastBatch]!.watermarkMs >= manifest.closedThroughMs!, plan.name);
      const files = await committedFiles(output, plan.name);
      assert.ok(files.length > 0 && files.every((path) => path.startsWith(output)), plan.name);
    }
  });

  test(`${name}: the record of batches goes on behind what is written`, async () => {
    await using folder = await temporaryFolder();
    await cp(fixtureOf(name), folder.path, { recursive: true });
    const manifest = await manifestOf(folder.path);
    const before = await sparkSubject(folder.path, manifest);
    const record = join(folder.path, "checkpoints", "url_counts", "batches.ndjson");
    const written = await readFile(record, "utf8");
    await recordBatches(folder.path, manifest.queries.map(({ name }) => name).concat("dead_letters"));
    assert.ok((await readFile(record, "utf8")).startsWith(written));
    assert.deepEqual(await sparkSubject(folder.path, manifest), before);
  });

  test(`${name}: what a newer version wrote is refused by its number`, async () => {
    await using folder = await temporaryFolder();
    const output = folder.path;
    await cp(fixtureOf(name), output, { recursive: true });
    const polite = (code: string) => ({
      code,
      message: /has format \d+; .* up to \d+/,
      nextStep: /left as it is/,
    });
    const manifest = await manifestOf(output);
    for (const query of ["url_counts", "judged_events"])
      await writeFile(join(output, "checkpoints", query, "batches.ndjson"), "");
    for (const [path, change, code, read] of [
      ["checkpoints/spark.json", asNewest, "STATE_FORMAT", async () => readState(output)],
      ["manifest.json", asNewest, "MANIFEST_FORMAT", () => readManifest(output)],
      ["url_counts/_spark_metadata/0", asV2, "SPARK_LOG_FORMAT", () => committedFiles(output, "url_counts")],
      ["checkpoints/url_counts/offsets/0", asV2, "SPARK_LOG_FORMAT", () => sparkSubject(output, manifest)],
      ["checkpoints/url_counts/sources/0/0", asV2, "SPARK_LOG_FORMAT", () => sparkSubject(output, manifest)],
      [
        "checkpoints/judged/_spark_metadata/0",
        asV2,
        "SPARK_LOG_FORMAT",
        () => sparkSubject(output, manifest),
      ],
    ] as const) {
      const file = join(output, path);
      const text = await readFile(file, "utf8");
      await writeFile(file, change(text));
      await assert.rejects(read, polite(code), path);
      await writeFile(file, text);
    }
  });
}

const asNewest = (json: string): string => json.replace(/"format": \d+/, '"format": 999');
const asV2 = (log: string): string => log.replace(/^v1/, "v2");
