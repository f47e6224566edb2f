import assert from "node:assert/strict";
import { test } from "node:test";
import { OutputWindows } from "../../../src/app/postgres/output-windows.ts";
import { compactTree } from "../../../src/archive/compact-tree.ts";
import type { WindowKey } from "../../../src/sinks/postgres/tree-follower.ts";
import type { WindowRows } from "../../../src/sinks/sink.ts";
import { DAY_MS, manifestOf, NOV_23, steadyWindows, writeWindows } from "../../history/trees.ts";
import { temporaryFolder } from "../../sinks/temporary-folder.ts";

const THROUGH_MS = NOV_23 + 3 * DAY_MS + 3_600_000;
const MANIFEST = manifestOf(THROUGH_MS);
const WINDOWS = steadyWindows(NOV_23, NOV_23 + 4 * DAY_MS, DAY_MS / 4);

async function contents(output: OutputWindows, keys?: readonly WindowKey[]): Promise<WindowRows[]> {
  const windows: WindowRows[] = [];
  for await (const window of output.read(keys ?? (await output.list()))) {
    windows.push({ ...window, bytes: Buffer.from(window.bytes) });
  }
  return windows.sort(byKey);
}

const byKey = (a: WindowKey, b: WindowKey): number =>
  a.query.localeCompare(b.query) || a.windowStartMs - b.windowStartMs;

function expected(fromMs: number): WindowRows[] {
  return WINDOWS.filter(({ windowStartMs }) => windowStartMs >= fromMs)
    .map((window) => ({ ...window, bytes: Buffer.from(window.bytes) }))
    .sort(byKey);
}

for (const compact of ["none", "json", "parquet"] as const) {
  test(`every window that is kept is listed and read, archived as ${compact} or in its file`, async () => {
    await using folder = await temporaryFolder();
    const output = folder.path;
    await writeWindows(output, WINDOWS, THROUGH_MS);
    const windows = new OutputWindows(output, MANIFEST);
    const before = await windows.list();
    assert.deepEqual(before.map(({ query, windowStartMs }) => ({ query, windowStartMs })).sort(byKey), [
      ...expected(0).map(({ query, windowStartMs }) => ({ query, windowStartMs })),
    ]);
    assert.deepEqual([...(await windows.keptFrom())], []);
    const tree = { output, manifest: MANIFEST, confirmedThroughMs: THROUGH_MS, memoryMb: 256 };
    await compactTree({ ...tree, compact, keepMs: null });
    assert.deepEqual(await contents(windows), expected(0));
    await compactTree({ ...tree, compact, keepMs: DAY_MS });
    const keptFromMs = NOV_23 + 2 * DAY_MS;
    assert.deepEqual(await contents(windows), expected(keptFromMs));
    assert.deepEqual(
      await contents(windows, before),
      expected(keptFromMs),
      "what was dropped since is left out",
    );
    assert.deepEqual(
      [...(await windows.keptFrom())],
      MANIFEST.queries.map(({ name }) => [name, keptFromMs]),
    );
  });
}

test("the windows of a day that moves into the archive while they are read come once each", async () => {
  await using folder = await temporaryFolder();
  const output = folder.path;
  await writeWindows(output, WINDOWS, THROUGH_MS);
  const windows = new OutputWindows(output, MANIFEST);
  const keys = (await windows.list()).sort((a, b) => a.windowStartMs - b.windowStartMs);
  const found: WindowRows[] = [];
  for await (const window of windows.read(keys)) {
    if (found.length === 5) {
      const tree = { output, manifest: MANIFEST, confirmedThroughMs: THROUGH_MS, memoryMb: 256 };
      await compactTree({ ...tree, compact: "parquet", keepMs: null });
    }
    found.push({ ...window, bytes: Buffer.from(window.bytes) });
  }
  assert.deepEqual(found.sort(byKey), expected(0));
});
