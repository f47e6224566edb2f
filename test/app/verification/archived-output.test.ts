import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type Verification, verifyOutput } from "../../../src/app/verification/verify-output.ts";
import { compactTree } from "../../../src/archive/compact-tree.ts";
import { seededRandom } from "../../../src/core/random.ts";
import { type ArchiveFormat, dayOf } from "../../../src/sinks/archive-path.ts";
import { JsonFilesSink } from "../../../src/sinks/json-files.ts";
import { expectedOutput, finishedManifest } from "../../simulation/expected-output.ts";
import { type RandomLog, randomLog } from "../../simulation/random-log.ts";
import { filesUnder, temporaryFolder } from "../../sinks/temporary-folder.ts";

const DAY_MS = 86_400_000;

/** A log whose windows start on two days. */
const LOG: RandomLog = (() => {
  for (let seed = 0; ; seed++) {
    const log = randomLog(seededRandom(seed));
    const days = new Set([...expectedOutput(log, finishedManifest(log)).files.keys()].map(dayOfKey));
    if (days.size === 2 && log.records.length > 60 && log.records.length < 120) return log;
  }
})();
const MANIFEST = finishedManifest(LOG);

function dayOfKey(key: string): string {
  return dayOf(Number(key.split("/")[1]));
}

/** An output of the log, all of it archived. */
async function verified(
  format: ArchiveFormat,
  change: (output: string) => Promise<unknown> = async () => {},
  keepMs: number | null = null,
): Promise<Verification> {
  await using folder = await temporaryFolder();
  const sink = await JsonFilesSink.open(folder.path);
  const entries = [...expectedOutput(LOG, MANIFEST).files].map(([key, rows]) => {
    const [query = "", startMs] = key.split("/");
    const windowStartMs = Number(startMs);
    const rowCount = rows.split("\n").length - 1;
    return { query, windowStartMs, windowEndMs: Number.NaN, rowCount, bytes: Buffer.from(rows) };
  });
  await sink.write(entries);
  const confirmedThroughMs = (MANIFEST.closedThroughMs as number) + (keepMs === null ? 3 * DAY_MS : 0);
  await compactTree({
    output: folder.path,
    manifest: MANIFEST,
    confirmedThroughMs,
    compact: format,
    keepMs,
    memoryMb: 128,
  });
  await change(folder.path);
  return await verifyOutput(
    { output: folder.path, manifest: MANIFEST, qualityFactor: 6 },
    async function* (partition, from, to) {
      yield LOG.records.filter(
        (record) => record.partition === partition && record.offset >= from && record.offset < to,
      );
    },
  );
}

for (const format of ["json", "parquet"] as const) {
  test(`${format}: archived rows are compared as those of window files are`, async () => {
    const result = await verified(format, async (output) => {
      assert.ok((await filesUnder(output)).every((file) => file.startsWith("archive/")));
    });
    assert.ok(result.rows > 200 && result.windows > 10, JSON.stringify(result));
    assert.equal(result.agreeing, result.rows);
    assert.deepEqual([result.differing, result.differences, result.droppedWindows], [0, [], 0]);
  });
}

/** Changes the lines of the largest archived day. */
async function changeLines(output: string, change: (lines: string[]) => string[]): Promise<void> {
  const files = (await filesUnder(output)).filter((file) => /user_activity.*\d{8}\.json$/.test(file));
  const texts = await Promise.all(files.map((file) => readFile(join(output, file), "utf8")));
  const largest = texts.reduce((most, text, at) => (text.length > (texts[most]?.length ?? 0) ? at : most), 0);
  const lines = texts[largest]?.trimEnd().split("\n") ?? [];
  await writeFile(join(output, files[largest] ?? ""), `${change(lines).join("\n")}\n`);
}

test("an archived row that is changed, missing or too many is told", async () => {
  const changed = await verified("json", (output) =>
    changeLines(output, (lines) => lines.with(3, String(lines[3]).replace(/"events":\d+/, '"events":99'))),
  );
  assert.deepEqual([changed.differing, changed.rows - changed.agreeing], [1, 1]);
  assert.match(changed.differences[0]?.found ?? "", /"events":99/);
  const missing = await verified("json", (output) => changeLines(output, (lines) => lines.toSpliced(3, 1)));
  assert.deepEqual([missing.differing, missing.rows - missing.agreeing], [1, 1]);
  const added = await verified("json", (output) =>
    changeLines(output, (lines) => [
      ...lines,
      String(lines.at(-1)).replace(/"user_id":"[^"]*"/, '"user_id":"zz"'),
    ]),
  );
  assert.deepEqual([added.differing, added.rows - added.agreeing], [1, 0]);
});

test("windows that the archive has and the topic does not give are told", async () => {
  const result = await verified("json", (output) =>
    changeLines(output, (lines) => {
      const before = String(lines[0]).replaceAll(/(\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d/g, "$1-01-01T00:00:00");
      return [before, ...lines];
    }),
  );
  assert.equal(result.differing, 1);
  assert.match(result.differences[0]?.window ?? "", /-01-01T00:00:00/);
});

test("an archived file that can't be read is named", async () => {
  const damage = verified("parquet", async (output) => {
    const file = (await filesUnder(output)).find((name) => name.endsWith(".parquet")) ?? "";
    await writeFile(join(output, file), "no Parquet");
  });
  await assert.rejects(damage, { code: "ARCHIVE_DAMAGED" });
});

test("dropped days are not compared, and said so", async () => {
  const whole = await verified("parquet");
  const result = await verified("parquet", undefined, 0); // not for users: the newest day alone
  assert.ok(result.droppedWindows > 0);
  assert.ok(result.rows > 0 && result.rows < whole.rows);
  assert.deepEqual([result.differing, result.agreeing], [0, result.rows]);
  assert.ok(Object.keys(result.keptFrom).length > 0);
});
