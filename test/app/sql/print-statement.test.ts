import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { readConfig } from "../../../src/app/config.ts";
import { printStatement } from "../../../src/app/sql/print-statement.ts";
import { systemClock as clock } from "../../../src/core/clock.ts";
import { writeManifest } from "../../../src/sinks/manifest-file.ts";
import { manifestOf, NOV_23, PAGES, page, pagesWindow } from "../../history/trees.ts";
import { temporaryFolder } from "../../sinks/temporary-folder.ts";

test("of a tree of Spark's the rows are asked that its log has committed", async () => {
  await using folder = await temporaryFolder();
  const output = folder.path;
  await writeManifest(output, { ...manifestOf(NOV_23), engine: "spark", closedThroughMs: null });
  const day = join(output, PAGES.name, "date=2026-11-23");
  await mkdir(day, { recursive: true });
  await mkdir(join(output, PAGES.name, "_spark_metadata"));
  const { bytes } = pagesWindow(NOV_23, [page("/", NOV_23, 3)]);
  for (const file of ["part-0.json", "part-killed.json"]) await writeFile(join(day, file), bytes);
  const entry = { path: pathToFileURL(join(day, "part-0.json")).href, action: "add" };
  await writeFile(join(output, PAGES.name, "_spark_metadata", "0"), `v1\n${JSON.stringify(entry)}`);
  const flags = { output, format: "json" };
  const config = await readConfig({ command: "sql", flags, env: {}, cores: 1, folder: output });
  let printed = "";
  const out = new Writable({
    write(chunk, _, done) {
      printed += String(chunk);
      done();
    },
  });
  const stopRequested = new AbortController().signal;
  await printStatement({ config, clock, stopRequested }, "SELECT url, events FROM pages", out);
  assert.equal(printed, '{"url":"/","events":3}\n');
});
