import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { deleteOutput } from "../../src/app/delete-output.ts";
import { filesUnder, temporaryFolder } from "../sinks/temporary-folder.ts";

async function put(folder: string, ...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), "{}\n");
  }
}

test("of an output tree only what this program wrote is deleted", async () => {
  await using folder = await temporaryFolder();
  await put(
    folder.path,
    "manifest.json",
    "checkpoints/state.sqlite",
    "url_counts/date=2026-11-23/20261123T080500Z.json",
    "url_counts/notes.txt",
    "url_counts/_spark_metadata/0",
    "window_totals/date=2026-11-23/20261123T080500Z.json",
    "archive/archive.json",
    "archive/url_counts/date=2026-11-22/20261122.parquet",
    "archive/_cache/url_counts/20261123-1.parquet",
    "archive/photos/cat.json",
    "photos/date=2026-11-23/cat.json",
    "readme.md",
  );
  await deleteOutput(folder.path);
  assert.deepEqual(await filesUnder(folder.path), [
    "archive/photos/cat.json",
    "photos/date=2026-11-23/cat.json",
    "readme.md",
    "url_counts/notes.txt",
  ]);
  await deleteOutput(folder.path);
});

test("a folder that is no output is left alone, and one that is absent is fine", async () => {
  await using folder = await temporaryFolder();
  await put(folder.path, "url_counts/date=2026-11-23/20261123T080500Z.json");
  await deleteOutput(folder.path);
  assert.equal((await filesUnder(folder.path)).length, 1);
  await deleteOutput(join(folder.path, "absent"));
});
