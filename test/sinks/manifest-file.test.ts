import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { DEFAULT_EVENT_RULES } from "../../src/events/event.ts";
import { DEFAULT_WINDOWS } from "../../src/queries/plan.ts";
import { STANDARD_QUERIES } from "../../src/queries/standard.ts";
import { MANIFEST_FORMAT, type Manifest } from "../../src/sinks/manifest.ts";
import { readManifest, writeManifest } from "../../src/sinks/manifest-file.ts";
import { filesUnder, temporaryFolder } from "./temporary-folder.ts";

const MANIFEST: Manifest = {
  format: 1,
  engine: "embedded",
  topic: { name: "clickstream", id: "7d8a1f0e-0000-4000-8000-000000000000" },
  windows: DEFAULT_WINDOWS,
  rules: DEFAULT_EVENT_RULES,
  queries: STANDARD_QUERIES,
  closedThroughMs: null,
  partitions: [
    {
      partition: 0,
      startOffset: 0,
      position: 12,
      greatestMs: 1_795_000_000_000,
      floors: [{ offset: 12, floorMs: 1_794_999_000_000 }],
      lost: [],
      read: 12,
      counted: 9,
      late: 1,
      dead: { not_json: 1, "missing_field:url": 1 },
    },
  ],
};

test("a manifest reads back as written, and replaces the one before", async () => {
  await using folder = await temporaryFolder();
  assert.equal(await readManifest(folder.path), undefined);
  await writeManifest(folder.path, MANIFEST);
  await writeManifest(folder.path, { ...MANIFEST, closedThroughMs: 1_794_999_000_000 });
  assert.deepEqual(await readManifest(folder.path), { ...MANIFEST, closedThroughMs: 1_794_999_000_000 });
  assert.deepEqual(await filesUnder(folder.path), ["manifest.json"]);
});

test("a field mapping reads back as written; without one the rules have no member for it", async () => {
  await using folder = await temporaryFolder();
  const rules = {
    ...DEFAULT_EVENT_RULES,
    fields: {
      url: { path: ["context", "url"], default: "/" },
      action: { path: ["type"], map: { page: "view" } },
      browser: { value: "app" },
    },
  };
  await writeManifest(folder.path, { ...MANIFEST, rules });
  assert.deepEqual((await readManifest(folder.path))?.rules, rules);
  await writeManifest(folder.path, MANIFEST);
  assert.deepEqual(
    Object.keys((await readManifest(folder.path))?.rules ?? {}),
    Object.keys(DEFAULT_EVENT_RULES),
  );
});

test("a manifest of every format so far, of either engine, is read; a newer one is refused by its number", async () => {
  for (const [name, engine] of [
    ["state-1", "embedded"],
    ["state-2", "embedded"],
    ["state-3", "embedded"],
    ["spark-1", "spark"],
  ]) {
    const manifest = await readManifest(fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url)));
    assert.equal(manifest?.engine, engine);
  }
  await using folder = await temporaryFolder();
  const file = join(folder.path, "manifest.json");
  await writeFile(file, JSON.stringify({ ...MANIFEST, format: MANIFEST_FORMAT + 1, more: true }));
  await assert.rejects(readManifest(folder.path), {
    code: "MANIFEST_FORMAT",
    message: /format 3; .* up to 2/,
    nextStep: /Run the version/,
  });
});

test("a file that is no manifest is refused, naming what is wrong", async () => {
  await using folder = await temporaryFolder();
  const refused: [string, RegExp][] = [
    ["{", /not JSON/],
    [JSON.stringify({ ...MANIFEST, format: 0 }), /format/],
    [JSON.stringify({ ...MANIFEST, partitions: [{ partition: 0 }] }), /position/],
    [JSON.stringify({ ...MANIFEST, queries: [{ name: "q", by: ["timestamp"], measures: {} }] }), /by/],
  ];
  for (const [text, message] of refused) {
    await writeFile(join(folder.path, "manifest.json"), text);
    await assert.rejects(readManifest(folder.path), { code: "MANIFEST_UNREADABLE", message });
  }
});
