import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { committedFiles, committedOutput } from "../../src/sinks/spark-files.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const line = (file: string, action = "add"): string =>
  JSON.stringify({ path: `file:///elsewhere/my%20output/urls/date=2026-11-23/${file}`, size: 1, action });

async function logOf(output: string, entries: Readonly<Record<string, readonly string[]>>): Promise<void> {
  const folder = join(output, "urls", "_spark_metadata");
  await mkdir(folder, { recursive: true });
  for (const [name, lines] of Object.entries(entries))
    await writeFile(join(folder, name), ["v1", ...lines].join("\n"));
}

test("files are those of the log, not those in the folder, wherever the tree is now", async () => {
  await using folder = await temporaryFolder();
  const output = folder.path;
  await logOf(output, {
    0: [line("a.json")],
    1: [],
    2: [line("b.json"), line("c.json")],
    ".3.tmp": [line("d.json")],
  });
  await mkdir(join(output, "urls", "date=2026-11-23"), { recursive: true });
  await writeFile(join(output, "urls", "date=2026-11-23", "uncommitted.json"), "{}\n");
  const { files, lastBatch } = await committedOutput(output, "urls");
  assert.deepEqual(
    files,
    ["a", "b", "c"].map((name) => join(output, "urls", "date=2026-11-23", `${name}.json`)),
  );
  assert.equal(lastBatch, 2);
});

test("a compact entry stands for all before it", async () => {
  await using folder = await temporaryFolder();
  const output = folder.path;
  const compact = [line("a.json"), line("b.json"), line("a.json", "delete")];
  await logOf(output, { 8: [line("old.json")], "9.compact": compact, 10: [line("c.json")] });
  const names = (await committedFiles(output, "urls")).map((path) => path.slice(-6));
  assert.deepEqual(names, ["b.json", "c.json"]);
});

test("a query without output has no files", async () => {
  await using folder = await temporaryFolder();
  const output = folder.path;
  assert.deepEqual(await committedOutput(output, "urls"), { files: [], lastBatch: undefined });
});

test("a log of a newer Spark is refused by its number", async () => {
  await using folder = await temporaryFolder();
  const output = folder.path;
  await logOf(output, { 0: [line("a.json")] });
  await writeFile(join(output, "urls", "_spark_metadata", "1"), `v2\n${line("b.json")}`);
  await assert.rejects(committedFiles(output, "urls"), {
    code: "SPARK_LOG_FORMAT",
    message: /_spark_metadata\/1 has format 2; .* up to 1/,
    nextStep: /left as it is/,
  });
});
