// States and manifests of every format so far, in test/fixtures: each goes on to the right rows.
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Coordinator } from "../../src/engines/embedded/coordinator.ts";
import { inspectState } from "../../src/engines/embedded/inspect-state.ts";
import { checkOwnership } from "../../src/engines/embedded/ownership.ts";
import { partitionStarts } from "../../src/engines/embedded/partition-ledger.ts";
import { SqliteStore } from "../../src/engines/embedded/sqlite-store.ts";
import { STATE_FORMAT } from "../../src/engines/embedded/state-file.ts";
import type { StoredState } from "../../src/engines/embedded/state-store.ts";
import { WindowWorker } from "../../src/engines/embedded/window-worker.ts";
import type { LogRecord } from "../../src/oracle/oracle.ts";
import { STANDARD_QUERIES } from "../../src/queries/standard.ts";
import { windowsOf } from "../../src/queries/window-lengths.ts";
import { readManifest } from "../../src/sinks/manifest-file.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { MemorySink } from "../../src/testing/memory-sink.ts";
import { recordColumns } from "../../src/testing/record-columns.ts";
import { groupByWindows } from "../../src/windows/window-groups.ts";
import { expectedOutput } from "../simulation/expected-output.ts";
import { FIXTURE_QUERIES, SESSION_FIXTURE_QUERIES, writeStateFixture } from "./state-fixture.ts";

/** With the queries that this program has for each. */
const FORMATS = [
  { format: 1, queries: STANDARD_QUERIES },
  { format: 2, queries: FIXTURE_QUERIES },
  { format: 3, queries: FIXTURE_QUERIES },
  { format: 4, queries: SESSION_FIXTURE_QUERIES },
];

const fixtureOf = (format: number): string =>
  fileURLToPath(new URL(`../fixtures/state-${format}`, import.meta.url));

/** The records of the topic, also those that were not read when the state was written. */
function recordsIn(fixture: string): LogRecord[] {
  const lines = readFileSync(join(fixture, "log.ndjson"), "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const { value, ...record } = JSON.parse(line) as Omit<LogRecord, "value"> & { value: string | null };
    return { ...record, value: value === null ? null : Buffer.from(value, "base64") };
  });
}

/** Reads on to the end of the log and closes every window. */
async function goOn(
  store: SqliteStore,
  stored: StoredState,
  log: LogRecord[],
  sink: MemorySink,
): Promise<void> {
  const { queries, windows, rules } = stored.ownership;
  const clock = new ManualClock(0);
  const endOf = (partition: number): number =>
    Math.max(0, ...log.filter((record) => record.partition === partition).map(({ offset }) => offset + 1));
  const worker = new WindowWorker({
    groups: groupByWindows(queries, windows),
    rules,
    windows,
    idleAfterMs: Number.POSITIVE_INFINITY,
    clock,
    partitions: partitionStarts(stored, store, endOf),
  });
  for (const { partition, position } of stored.partitions) {
    const left = log.filter((record) => record.partition === partition && record.offset >= position);
    const end = Math.max(position, endOf(partition));
    worker.batch(partition, recordColumns(left), end);
  }
  const coordinator = new Coordinator({
    clock,
    commitEveryMs: 1,
    finish: true,
    maxStateBytes: Number.POSITIVE_INFINITY,
    store,
    stored,
    sinks: [sink],
    sendDeadLetters: async () => {},
    publishManifest: async () => {},
    onCommit: () => {},
    onStateLarge: () => {},
  });
  const engineWorker = {
    flush: async (request: Parameters<WindowWorker["flush"]>[0]) => worker.flush(request),
  };
  await coordinator.run([{ ...engineWorker, close: async () => {} }], new AbortController().signal);
}

function formatOf(folder: string): unknown {
  const database = new DatabaseSync(join(folder, "state.sqlite"), { readOnly: true });
  try {
    return database.prepare("PRAGMA user_version").get()?.user_version;
  } finally {
    database.close();
  }
}

test("every format has a fixture, those that are written now too", async (t) => {
  const parent = mkdtempSync(join(tmpdir(), "clickstream-state-fixture-"));
  t.after(() => rmSync(parent, { recursive: true }));
  for (const { format, queries } of FORMATS.slice(2)) {
    const folder = join(parent, String(format));
    await writeStateFixture(folder, queries);
    assert.equal(formatOf(folder), format);
  }
  assert.deepEqual(
    FORMATS.map(({ format }) => format),
    Array.from({ length: STATE_FORMAT }, (_, index) => index + 1),
    "a new format needs a fixture: test/engines/state-fixture.ts writes it",
  );
});

for (const { format, queries } of FORMATS) {
  test(`format ${format}: open windows, undelivered rows and floors are taken over, and the rows become the oracle's`, async (t) => {
    const fixture = fixtureOf(format);
    const folder = mkdtempSync(join(tmpdir(), "clickstream-old-state-"));
    t.after(() => rmSync(folder, { recursive: true }));
    copyFileSync(join(fixture, "state.sqlite"), join(folder, "state.sqlite"));
    const manifest = await readManifest(fixture);
    assert.equal(manifest?.queries.length, queries.length);
    const bytes = readFileSync(join(folder, "state.sqlite"));
    const inspected = inspectState(folder);
    assert.deepEqual(readFileSync(join(folder, "state.sqlite")), bytes, "inspecting changes nothing");
    assert.equal(inspected?.format, format);
    const log = recordsIn(fixture);

    const store = new SqliteStore(folder);
    const before = store.load() as StoredState;
    checkOwnership(before.ownership, { ...before.ownership, queries });
    const parts = [...store.slots()].length;
    assert(parts > 0 && before.outbox.length > 0, "the fixture has something to lose");
    assert.equal(
      inspected.groups.reduce((sum, group) => sum + group.parts, 0),
      parts,
    );
    assert.equal(
      inspected.outbox.reduce((sum, entry) => sum + entry.windows, 0),
      before.outbox.length,
    );
    assert.deepEqual(
      inspected.partitions.map(({ watermarkMs: _, ...stored }) => stored),
      before.partitions,
    );
    const sink = new MemorySink();
    const outbox = before.outbox.map((entry) => ({ ...entry, sink: sink.name }));
    await goOn(store, { ...before, outbox }, log, sink);
    const after = store.load() as StoredState;
    store.close();

    const expected = expectedOutput(
      { records: log },
      { format: 1, engine: "embedded", ...after.ownership, ...after },
    );
    const undelivered = new Set(before.outbox.map(({ query, windowStartMs }) => `${query}/${windowStartMs}`));
    const sizeOf = (name: string): number =>
      windowsOf(queries.find((plan) => plan.name === name)!, before.ownership.windows).sizeMs;
    for (const [file, text] of sink.files) assert.equal(text, expected.files.get(file), file);
    for (const file of expected.files.keys()) {
      const [name = "", startMs] = file.split("/");
      const endMs = Number(startMs) + sizeOf(name);
      const wasDelivered = endMs <= (before.closedThroughMs as number) && !undelivered.has(file);
      assert.equal(sink.files.has(file), !wasDelivered, file);
    }
    for (const { partition, read, counted, duplicates, late, dead } of after.partitions) {
      const found = { read, counted, late, dead, ...(duplicates === undefined ? {} : { duplicates }) };
      assert.deepEqual(found, expected.accounting.get(partition));
    }
    const duplicatesIn = ({ partitions }: StoredState): number =>
      partitions.reduce((sum, { duplicates = 0 }) => sum + duplicates, 0);
    assert.equal(
      duplicatesIn(after) > duplicatesIn(before),
      before.ownership.windows.dedupe === true,
      "the ids that the state remembers are still known",
    );
  });
}
