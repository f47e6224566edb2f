// Writes what test/fixtures keeps of each state format: a state that an engine left in the middle of its work, the manifest
// beside it, and the whole topic. A new format gets its fixture from the program that writes it:
//   npx node test/engines/state-fixture.ts test/fixtures/state-5
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "../../src/core/random.ts";
import { Coordinator } from "../../src/engines/embedded/coordinator.ts";
import { newPartitions } from "../../src/engines/embedded/ownership.ts";
import { partitionStarts } from "../../src/engines/embedded/partition-ledger.ts";
import { SqliteStore } from "../../src/engines/embedded/sqlite-store.ts";
import type { QueryPlan, WindowSettings } from "../../src/queries/plan.ts";
import { sessionQueries } from "../../src/queries/sessions.ts";
import type { Sink } from "../../src/sinks/sink.ts";
import { groupByWindows } from "../../src/windows/window-groups.ts";
import { randomLog, SMALL_WINDOWS } from "../simulation/random-log.ts";
import { SIMULATED_QUERIES } from "../simulation/simulated-queries.ts";
import { SimulatedWorker } from "../simulation/simulated-worker.ts";
import { CrashPlan, SimulatedClock } from "../simulation/world.ts";

/** A log with something of everything: several partitions, silence, late and broken events. */
const SEED = 23;
const LOST_OFFSETS = 3;
const TOPIC = { name: "clickstream", id: "00000000-0000-4000-8000-000000000001" };
const SECONDS = 1_000;
const DAY_SECONDS = 86_400;

/** Those of the simulation, with windows of their own for the last two. */
export const FIXTURE_QUERIES: readonly QueryPlan[] = SIMULATED_QUERIES.map((plan) => {
  const seconds = { browser_urls: DAY_SECONDS, browser_amounts: 7 }[plan.name];
  return seconds === undefined
    ? plan
    : { ...plan, windows: { sizeMs: seconds * SECONDS, slideMs: seconds * SECONDS } };
});

/** And whole sessions, for which the state has a format of its own. */
export const SESSION_FIXTURE_QUERIES: readonly QueryPlan[] = [
  ...FIXTURE_QUERIES,
  ...sessionQueries(4 * SECONDS, SMALL_WINDOWS),
];

/** Takes some windows and then fails, as a full disk would. */
function failingSink(windows: number): Sink {
  let taken = 0;
  return {
    name: "json-files",
    write: async (entries) => {
      taken += entries.length;
      if (taken > windows) throw new Error("the sink is full");
    },
    close: async () => {},
  };
}

/** Writes state.sqlite, manifest.json and log.ndjson to a new folder. */
export async function writeStateFixture(folder: string, queries: readonly QueryPlan[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const random = seededRandom(SEED);
  const { windows: lengths, rules, partitionCount, records, endOffsets } = randomLog(random);
  const windows: WindowSettings = { ...lengths, dedupe: true };
  const kept = records.filter(({ partition, offset }) => partition > 0 || offset >= LOST_OFFSETS);
  const lines = kept.map(({ partition, offset, timestampMs, value }) =>
    JSON.stringify({
      partition,
      offset,
      timestampMs,
      value: value === null ? null : Buffer.from(value).toString("base64"),
    }),
  );
  writeFileSync(join(folder, "log.ndjson"), `${lines.join("\n")}\n`);

  const partitions = newPartitions({
    earliest: new Map(endOffsets.map((_, partition) => [partition, 0])),
    latest: new Map(endOffsets.map((end, partition) => [partition, end])),
  });
  Object.assign(partitions[0]!, { position: LOST_OFFSETS, lost: [{ from: 0, to: LOST_OFFSETS }] });
  const ownership = { topic: TOPIC, queries, windows, rules };
  const store = new SqliteStore(folder);
  store.create(ownership, partitions);

  const crashes = new CrashPlan(random, 0);
  const clock = new SimulatedClock(kept[0]!.arrivesMs, () => worker.read(random.below(6)));
  const worker = new SimulatedWorker(
    {
      groups: groupByWindows(queries, windows),
      rules,
      windows,
      idleAfterMs: 5 * SECONDS,
      clock,
      partitions: partitionStarts({ ownership, partitions }, store, () => null),
    },
    { records: kept, endOffsets },
    random,
    crashes,
  );
  const coordinator = new Coordinator({
    clock,
    commitEveryMs: SECONDS,
    finish: false,
    maxStateBytes: Number.POSITIVE_INFINITY,
    store,
    stored: { ownership, partitions, closedThroughMs: null, windowsClosed: 0, outbox: [] },
    sinks: [failingSink(partitionCount * 40)],
    sendDeadLetters: async () => {},
    publishManifest: async (manifest) =>
      writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`),
    onCommit: () => {},
    onStateLarge: () => {},
  });
  await coordinator.run([worker], new AbortController().signal).catch(() => {}); // the sink's failure ends it
  store.close();
  rmSync(join(folder, "state.lock"));
}

const [, program, folder] = process.argv;
if (program === import.meta.filename && folder !== undefined)
  await writeStateFixture(folder, SESSION_FIXTURE_QUERIES);
