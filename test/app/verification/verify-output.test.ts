import assert from "node:assert/strict";
import { appendFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { ReadPartition } from "../../../src/app/verification/recompute.ts";
import { verifyOutput } from "../../../src/app/verification/verify-output.ts";
import { seededRandom } from "../../../src/core/random.ts";
import type { Manifest } from "../../../src/sinks/manifest.ts";
import { windowFileName, windowFolder } from "../../../src/sinks/window-path.ts";
import { expectedOutput, finishedManifest } from "../../simulation/expected-output.ts";
import { type RandomLog, randomLog } from "../../simulation/random-log.ts";
import { filesUnder, temporaryFolder } from "../../sinks/temporary-folder.ts";

/** The log in batches of three, as an injected topic. */
function readerOf(log: RandomLog): ReadPartition {
  return async function* read(partition, from, to) {
    const records = log.records.filter(
      (record) => record.partition === partition && record.offset >= from && record.offset < to,
    );
    for (let index = 0; index < records.length; index += 3) yield records.slice(index, index + 3);
  };
}

async function writeTree(output: string, log: RandomLog, manifest: Manifest): Promise<void> {
  for (const [key, rows] of expectedOutput(log, manifest).files) {
    const [query = "", startMs] = key.split("/");
    const path = join(output, windowFolder(query, Number(startMs)), windowFileName(Number(startMs)));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, rows);
  }
}

/** Seeds whose logs have several partitions and cross midnight with many rows. */
const SEED = [...Array(100).keys()].find((seed) => {
  const log = randomLog(seededRandom(seed));
  return log.partitionCount === 3 && log.records.length > 60 && log.records.length < 90;
});
const LOG = randomLog(seededRandom(SEED ?? 0));
const MANIFEST = finishedManifest(LOG);

async function verified(
  change: (output: string) => Promise<unknown>,
  { log = LOG, manifest = MANIFEST }: { log?: RandomLog; manifest?: Manifest } = {},
) {
  await using folder = await temporaryFolder();
  await writeTree(folder.path, LOG, MANIFEST);
  await change(folder.path);
  return await verifyOutput({ output: folder.path, manifest, qualityFactor: 6 }, readerOf(log));
}

/** The tree's file of user activity with the most rows. */
async function largestFile(output: string): Promise<{ path: string; rows: string[] }> {
  const files = (await filesUnder(output)).filter((path) => path.startsWith("user_activity/"));
  const contents = await Promise.all(
    files.map(async (path) => ({
      path: join(output, path),
      rows: (await readFile(join(output, path), "utf8")).trimEnd().split("\n"),
    })),
  );
  return contents.reduce((most, file) => (file.rows.length > most.rows.length ? file : most));
}

test("an output that holds exactly the topic's rows agrees", async () => {
  const result = await verified(async () => {});
  assert.ok(result.windows > 10 && result.rows > 200, JSON.stringify(result));
  assert.equal(result.agreeing, result.rows);
  assert.deepEqual([result.differing, result.differences, result.accountingDifferences], [0, [], []]);
});

test("random logs agree however their partitions are read", async () => {
  for (let seed = 0; seed < 5; seed++) {
    const log = randomLog(seededRandom(seed));
    const manifest = finishedManifest(log);
    await using folder = await temporaryFolder();
    await writeTree(folder.path, log, manifest);
    const result = await verifyOutput({ output: folder.path, manifest, qualityFactor: 6 }, readerOf(log));
    assert.equal(result.differing, 0, `seed ${seed}: ${JSON.stringify(result.differences[0])}`);
    assert.equal(result.agreeing, result.rows);
    assert.deepEqual(result.accountingDifferences, []);
  }
});

test("a row that differs is shown beside the right one", async () => {
  let changed = "";
  let right = "";
  const result = await verified(async (output) => {
    const { path, rows } = await largestFile(output);
    right = rows[1] ?? "";
    changed = right.replace(/"events":\d+/, '"events":99');
    await writeFile(path, `${rows.with(1, changed).join("\n")}\n`);
  });
  assert.equal(result.rows - result.agreeing, 1);
  assert.equal(result.differing, 1);
  const [difference] = result.differences;
  assert.equal(difference?.query, "user_activity");
  assert.equal(difference?.expected, right);
  assert.equal(difference?.found, changed);
  assert.ok(right.includes(`"window_start":"${difference?.window}"`));
});

test("a missing file is all its rows missing, and only the first few are shown", async () => {
  const result = await verified((output) => rm(join(output, "browser_urls"), { recursive: true }));
  const missing = result.rows - result.agreeing;
  assert.ok(missing > 10);
  assert.equal(result.differing, missing);
  assert.equal(result.differences.length, 10);
  assert.ok(result.differences.every(({ expected, found }) => expected !== undefined && found === undefined));
});

test("a missing and a repeated row are told, and another order of the right rows", async () => {
  const missing = await verified(async (output) => {
    const { path, rows } = await largestFile(output);
    await writeFile(path, `${rows.slice(1).join("\n")}\n`);
  });
  assert.deepEqual([missing.differing, missing.rows - missing.agreeing], [1, 1]);
  const repeated = await verified(async (output) => {
    const { path, rows } = await largestFile(output);
    await appendFile(path, `${rows.at(-1)}\n`);
  });
  assert.deepEqual([repeated.differing, repeated.rows - repeated.agreeing], [1, 0]);
  const reversed = await verified(async (output) => {
    const { path, rows } = await largestFile(output);
    await writeFile(path, `${rows.toReversed().join("\n")}\n`);
  });
  assert.deepEqual([reversed.differing, reversed.rows - reversed.agreeing], [1, 0]);
  const unended = await verified(async (output) => {
    const { path, rows } = await largestFile(output);
    await writeFile(path, rows.join("\n"));
  });
  assert.equal(unended.differing, 1);
});

test("a file of a closed window without events is too many, one of an open window is not looked at", async () => {
  const add = (startMs: number) => (output: string) =>
    mkdir(join(output, windowFolder("window_totals", startMs)), { recursive: true }).then(() =>
      writeFile(
        join(output, windowFolder("window_totals", startMs), windowFileName(startMs)),
        '{"events":1}\n',
      ),
    );
  const closedThroughMs = MANIFEST.closedThroughMs ?? 0;
  const longAgo = await verified(add(closedThroughMs - 3_600_000));
  assert.equal(longAgo.differing, 1);
  assert.deepEqual(longAgo.differences[0]?.found, '{"events":1}');
  assert.equal((await verified(add(closedThroughMs))).differing, 0);
  const misnamed = await verified(async (output) => {
    const { path } = await largestFile(output);
    await rename(path, path.replace(/(\d)Z\.json/, "$1.json"));
  });
  assert.ok(misnamed.differing > 0);
});

test("temporary files are not looked at", async () => {
  const result = await verified(async (output) => {
    const { path } = await largestFile(output);
    await writeFile(join(dirname(path), "_20261123T080500Z.partial"), "half");
  });
  assert.equal(result.differing, 0);
});

test("an event that the topic has and the output has not, or the other way round, is found", async () => {
  const records = LOG.records.toSpliced(20, 5);
  const result = await verified(async () => {}, { log: { ...LOG, records } });
  assert.ok(result.differing > 0);
  assert.ok(
    result.accountingDifferences.some(({ what, expected, found }) => what === "read" && found > expected),
  );
});

test("every number of the accounting is compared, by partition", async () => {
  const partitions = MANIFEST.partitions.map((partition) =>
    partition.partition === 1
      ? { ...partition, late: partition.late + 1, dead: { ...partition.dead, too_large: 77 } }
      : partition,
  );
  const { accountingDifferences } = await verified(async () => {}, { manifest: { ...MANIFEST, partitions } });
  const { late = 0, dead } = MANIFEST.partitions[1] ?? { dead: {} as Record<string, number> };
  assert.deepEqual(accountingDifferences, [
    { partition: 1, what: "late", expected: late, found: late + 1 },
    { partition: 1, what: "dead:too_large", expected: dead.too_large ?? 0, found: 77 },
  ]);
});

test("an error of the topic passes through and closes the other partitions", async () => {
  await using folder = await temporaryFolder();
  let closed = 0;
  const read: ReadPartition = async function* (partition, from, to) {
    try {
      if (partition === 2) throw new Error("broker on fire");
      yield* readerOf(LOG)(partition, from, to);
    } finally {
      closed++;
    }
  };
  await assert.rejects(
    verifyOutput({ output: folder.path, manifest: MANIFEST, qualityFactor: 6 }, read),
    /broker on fire/,
  );
  assert.equal(closed, 3);
});
