import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { JsonFilesSink } from "../../src/sinks/json-files.ts";
import { windowStartOf } from "../../src/sinks/window-path.ts";
import { testSinkContract, windowRows } from "../contracts/sink.ts";
import { filesUnder, temporaryFolder } from "./temporary-folder.ts";

testSinkContract("json-files", async () => {
  const folder = await temporaryFolder();
  return {
    open: () => JsonFilesSink.open(folder.path),
    async contents() {
      const files = await filesUnder(folder.path);
      const windows = files.map(async (file): Promise<[string, string]> => {
        const query = dirname(dirname(file));
        return [`${query}@${windowStartOf(basename(file))}`, await readFile(join(folder.path, file), "utf8")];
      });
      return new Map(await Promise.all(windows));
    },
    cleanUp: () => folder[Symbol.asyncDispose](),
  };
});

const START_MS = Date.UTC(2026, 10, 23, 8, 5);

test("a window's path follows the Hive convention, without colons", async () => {
  await using folder = await temporaryFolder();
  const sink = await JsonFilesSink.open(join(folder.path, "deep", "output"));
  await sink.write([windowRows("url_counts", START_MS, ['{"url":"/"}'])]);
  assert.deepEqual(await filesUnder(folder.path), [
    "deep/output/url_counts/date=2026-11-23/20261123T080500Z.json",
  ]);
});

test("opening removes half-written files of a crash and nothing else", async () => {
  await using folder = await temporaryFolder();
  const day = join(folder.path, "url_counts", "date=2026-11-23");
  await mkdir(day, { recursive: true });
  await writeFile(join(day, "_20261123T080500Z.json.tmp"), '{"url":');
  await writeFile(join(day, "20261123T080400Z.json"), "{}\n");
  await writeFile(join(day, "_SUCCESS"), "");
  await writeFile(join(folder.path, "_notes.tmp"), "of the user");
  await JsonFilesSink.open(folder.path);
  assert.deepEqual(await filesUnder(folder.path), [
    "_notes.tmp",
    "url_counts/date=2026-11-23/20261123T080400Z.json",
    "url_counts/date=2026-11-23/_SUCCESS",
  ]);
});

test("other rows for a window that is final are refused and change nothing", async () => {
  await using folder = await temporaryFolder();
  const sink = await JsonFilesSink.open(folder.path);
  await sink.write([windowRows("url_counts", START_MS, ['{"n":1}'])]);
  for (const line of ['{"n":2}', '{"n":20}']) {
    await assert.rejects(sink.write([windowRows("url_counts", START_MS, [line])]), {
      code: "OUTPUT_CONFLICT",
    });
  }
  const path = join(folder.path, "url_counts/date=2026-11-23/20261123T080500Z.json");
  assert.equal(await readFile(path, "utf8"), '{"n":1}\n');
});

test("a folder that vanished while running is made again", async () => {
  await using folder = await temporaryFolder();
  const sink = await JsonFilesSink.open(folder.path);
  const entries = [windowRows("url_counts", START_MS, ['{"n":1}'])];
  await sink.write(entries);
  await rm(join(folder.path, "url_counts"), { recursive: true });
  await assert.rejects(sink.write(entries), { code: "OUTPUT_UNWRITABLE" });
  await sink.write(entries);
  assert.equal((await filesUnder(folder.path)).length, 1);
});

test("an output that can't be a folder is refused with what to do", async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, "output"), "a file");
  await assert.rejects(JsonFilesSink.open(join(folder.path, "output")), {
    code: "OUTPUT_UNWRITABLE",
    nextStep: /--output/,
  });
});
