// `state inspect` as a user runs it, on the states in test/fixtures.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Inspection } from "../../../src/app/inspection/inspect-output.ts";
import { SqliteStore } from "../../../src/engines/embedded/sqlite-store.ts";
import { clickstream, type Ended } from "../../cli/clickstream.ts";
import { temporaryFolder } from "../../sinks/temporary-folder.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));

/** An output folder with the state of a fixture. */
function restore(output: string, name: string): string {
  const folder = join(output, "checkpoints", "embedded");
  mkdirSync(folder, { recursive: true });
  cpSync(join(fixture(name), "state.sqlite"), join(folder, "state.sqlite"));
  return folder;
}

const inspect = (output: string, ...args: string[]): Promise<Ended> =>
  clickstream(["state", "inspect", "--output", output, ...args]);

test("positions, watermarks, floors, open panes, outbox and sizes, for people and for programs", async () => {
  await using output = await temporaryFolder();
  const folder = restore(output.path, "state-2");
  const { exitCode, stdout, stderr } = await inspect(output.path);
  assert.deepEqual([exitCode, stderr], [0, ""]);
  for (const line of [
    /^state \S+state\.sqlite, format 2; no engine is running$/m,
    /^topic clickstream: final through 2026-11-24 00:00:02, \d+ windows; least watermark 2026-11-24 00:00:02$/m,
    /^ +0 +53 +– +2026-11-24 00:00:02 +2026-11-24 00:00:02 +1 +0 +0 +– +0 +0 +3$/m,
    /^ +1d by 1d +1 +\d+ +\d+ +2026-11-24 00:00:00 /m,
    /^json-files +url_counts +8 +35 /m,
    /^65,536 bytes of state and \d+ of write-ahead log, 0 of both free for later commits; .* intact\.$/m,
  ]) {
    assert.match(stdout, line);
  }

  const json = await inspect(output.path, "--json");
  const state = JSON.parse(json.stdout) as Inspection;
  assert.equal(state.engineRuns, false);
  assert.deepEqual(
    state.partitions.map(({ partition, watermarkMs }) => [partition, watermarkMs]),
    [
      [0, Date.parse("2026-11-24T00:00:02Z")],
      [1, Date.parse("2026-11-24T00:00:04.330Z")],
      [2, Date.parse("2026-11-24T00:00:02.755Z")],
    ],
  );
  assert.deepEqual(state.partitions[0]?.lost, [{ from: 0, to: 3 }]);

  using held = new (class {
    readonly store = new SqliteStore(folder);
    [Symbol.dispose] = (): void => this.store.close();
  })();
  assert.equal((JSON.parse((await inspect(output.path, "--json")).stdout) as Inspection).engineRuns, true);
  assert.ok(held.store.load(), "whoever has the state keeps it");
});

test("what can't be inspected ends with 1 and says what to do", async () => {
  await using output = await temporaryFolder();
  const missing = await inspect(output.path);
  assert.equal(missing.exitCode, 1);
  assert.match(missing.stderr, /^error: There is no state in .* \[STATE_MISSING\]\n {2}\S/);

  cpSync(fixture("spark-1"), output.path, { recursive: true });
  const spark = await inspect(output.path, "--json");
  assert.deepEqual([spark.exitCode, spark.stdout], [1, ""]);
  assert.match(spark.stderr, /is Spark's.*\[STATE_OF_OTHER_ENGINE\]/);

  const path = join(restore(output.path, "state-1"), "state.sqlite");
  assert.equal((await inspect(output.path)).exitCode, 0);
  const database = new DatabaseSync(path);
  database.exec("PRAGMA user_version = 5");
  database.close();
  const newer = await inspect(output.path);
  assert.equal(newer.exitCode, 1);
  assert.match(
    newer.stderr,
    /has format 5; this program reads formats up to 4\. \[STATE_FORMAT\]\n {2}It was left/,
  );

  writeFileSync(path, "no state");
  const damaged = await inspect(output.path);
  assert.equal(damaged.exitCode, 1);
  assert.match(damaged.stderr, /\[STATE_UNREADABLE\]\n {2}.*restore a copy/);
  assert.doesNotMatch(damaged.stderr, /^\s+at /m);
});

test("a manifest and an index of the archive that a newer version wrote are refused by every reader", async () => {
  await using output = await temporaryFolder();
  writeFileSync(join(output.path, "manifest.json"), '{"format": 3, "what": "nobody knows yet"}');
  for (const command of ["explain", "verify", "sql", "compact"]) {
    const { exitCode, stdout, stderr } = await clickstream([command, "--output", output.path]);
    assert.deepEqual([exitCode, stdout], [1, ""], command);
    assert.match(stderr, /^error: The manifest .* has format 3; .* up to 2\. \[MANIFEST_FORMAT\]\n {2}\S/m);
    assert.doesNotMatch(stderr, /^\s+at /m);
  }
  cpSync(join(fixture("state-1"), "manifest.json"), join(output.path, "manifest.json"));
  mkdirSync(join(output.path, "archive"));
  writeFileSync(join(output.path, "archive", "archive.json"), '{"format": 2}');
  const { exitCode, stderr } = await clickstream(["compact", "--output", output.path]);
  assert.equal(exitCode, 1);
  assert.match(stderr, /archive\.json has format 2; .* \[ARCHIVE_FORMAT\]/);
});
