import assert from "node:assert/strict";
import { type Random, seededRandom } from "../../src/core/random.ts";
import { type CommitLimits, Coordinator } from "../../src/engines/embedded/coordinator.ts";
import { newPartitions, resumedPartitions } from "../../src/engines/embedded/ownership.ts";
import { partitionStarts } from "../../src/engines/embedded/partition-ledger.ts";
import { runReassigning } from "../../src/engines/embedded/reassignment.ts";
import type { Ownership, StoredState } from "../../src/engines/embedded/state-store.ts";
import type { QueryPlan } from "../../src/queries/plan.ts";
import { groupByWindows } from "../../src/windows/window-groups.ts";
import { expectedOutput } from "./expected-output.ts";
import { type RandomLog, randomLog } from "./random-log.ts";
import { simulatedQueries } from "./simulated-queries.ts";
import { SimulatedWorker } from "./simulated-worker.ts";
import { Crash, CrashPlan, Disk, SimulatedClock } from "./world.ts";

/** A topic and what is asked of it. */
interface Pipeline {
  log: RandomLog;
  queries: readonly QueryPlan[];
}

/** How one life of the process goes, until it ends or dies. */
interface Life {
  workers: number;
  commitEveryMs: number;
  bounded: boolean;
  finish: boolean;
  crashChance: number;
  /** Commits after which the user stops it. */
  sleeps: number;
  /** Sleep during which the topic gains a partition, if the life has no end and the log has one more. */
  growthAt: number;
  /** Partitions that the topic has by then. */
  partitions: number;
  limits: CommitLimits;
}

const TOPIC = { name: "clickstream", id: "00000000-0000-4000-8000-000000000001" };

/** Runs one seed: a random log, processed over several lives of the process, then compared with the oracle. */
export async function simulate(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const log = withDeduplication(randomLog(random), random.below(2) === 0);
  const pipeline = { log, queries: simulatedQueries(random) };
  const disk = new Disk();
  const firstMs = log.records[0]?.arrivesMs ?? 0;
  let nowMs = firstMs;
  let partitions = 1 + random.below(log.partitionCount);
  for (let life = random.below(6); life > 0; life--) {
    const next: Life = {
      workers: 1 + random.below(4),
      commitEveryMs: 1 + random.below(3_000),
      bounded: random.below(3) === 0,
      finish: random.below(4) === 0,
      crashChance: random.below(3) === 0 ? 0 : 0.02,
      sleeps: random.below(60),
      growthAt: random.below(2) === 0 ? 1 + random.below(15) : Number.POSITIVE_INFINITY,
      partitions,
      limits: { slotParts: 1 + random.below(6), rowBytes: random.below(5_000) },
    };
    nowMs = await live(pipeline, disk, random, nowMs, next);
    partitions = next.partitions;
    check(log, disk, false);
    if (random.below(3) === 0) partitions = Math.min(log.partitionCount, partitions + 1);
  }
  const lastMs = log.records.at(-1)?.arrivesMs ?? 0;
  const finish = random.below(2) === 0;
  const last = {
    workers: 1 + random.below(3),
    commitEveryMs: 500,
    bounded: true,
    finish,
    crashChance: 0,
    sleeps: Number.POSITIVE_INFINITY,
    growthAt: Number.POSITIVE_INFINITY,
    partitions: log.partitionCount,
    limits: { slotParts: 2, rowBytes: 3_000 },
  };
  await live(pipeline, disk, random, Math.max(nowMs, lastMs), last);
  check(log, disk, true);
}

function withDeduplication(log: RandomLog, dedupe: boolean): RandomLog {
  return dedupe ? { ...log, windows: { ...log.windows, dedupe: true } } : log;
}

/** One life; returns the time at its end. */
async function live(
  { log, queries }: Pipeline,
  disk: Disk,
  random: Random,
  startMs: number,
  life: Life,
): Promise<number> {
  const crashes = new CrashPlan(random, life.crashChance);
  const stop = new AbortController();
  let workers: SimulatedWorker[] = [];
  let sleeps = 0;
  let grow = (): void => {};
  const clock = new SimulatedClock(startMs, () => {
    for (const worker of workers) worker.read(random.below(12));
    if (sleeps === life.growthAt && life.partitions < log.partitionCount && !life.bounded) {
      life.partitions++;
      grow();
    }
    if (++sleeps > life.sleeps) stop.abort();
  });
  try {
    const store = disk.store(crashes);
    const stored = openState({ log, queries }, life.partitions, store.load(), (ownership, partitions) =>
      store.create(ownership, partitions),
    );
    const idleAfterMs = life.bounded ? Number.POSITIVE_INFINITY : 1_000 + random.below(10_000);
    const { windows, rules } = log;
    const workersFrom = (from: StoredState): SimulatedWorker[] => {
      const starts = partitionStarts(from, store, (partition) =>
        life.bounded ? arrivedEnd(log, partition, startMs) : null,
      );
      return Array.from({ length: life.workers }, (_, w) => {
        const own = starts.filter((_, index) => index % life.workers === w);
        const options = {
          groups: groupByWindows(queries, windows),
          rules,
          windows,
          idleAfterMs,
          clock,
          partitions: own,
        };
        return new SimulatedWorker(options, log, random, crashes);
      });
    };
    const coordinatorFrom = (from: StoredState) =>
      new Coordinator({
        clock,
        commitEveryMs: life.commitEveryMs,
        finish: life.finish,
        maxStateBytes: Number.POSITIVE_INFINITY,
        limits: life.limits,
        store,
        stored: from,
        sinks: [disk.sink(crashes)],
        sendDeadLetters: (letters) => disk.sendDeadLetters(letters, crashes),
        publishManifest: async (manifest) => {
          crashes.step();
          disk.manifest = manifest;
        },
        onCommit: () => {},
        onStateLarge: () => {},
      });
    await runReassigning(
      {
        store,
        stored,
        assign: (from) => {
          workers = workersFrom(from);
          return { coordinator: coordinatorFrom(from), workers };
        },
        gained: (_, ended) =>
          new Promise((resolve) => {
            grow = () => resolve(earliestOffsets(life.partitions));
            ended.addEventListener("abort", () => resolve(undefined));
          }),
      },
      stop.signal,
    );
    assert.deepEqual(disk.state?.outbox, [], "an orderly end leaves no row undelivered");
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
  crashes.kill();
  return clock.nowMs();
}

function openState(
  { log, queries }: Pipeline,
  partitions: number,
  stored: StoredState | undefined,
  create: (ownership: Ownership, partitions: StoredState["partitions"]) => void,
): StoredState {
  const ends = log.endOffsets.slice(0, partitions);
  const bounds = {
    earliest: earliestOffsets(partitions),
    latest: new Map(ends.map((end, partition) => [partition, end])),
  };
  if (stored !== undefined) return { ...stored, partitions: resumedPartitions(stored, bounds, false) };
  const ownership: Ownership = {
    topic: TOPIC,
    queries,
    windows: log.windows,
    rules: log.rules,
  };
  const fresh = newPartitions(bounds);
  create(ownership, fresh);
  return { ownership, partitions: fresh, closedThroughMs: null, windowsClosed: 0, outbox: [] };
}

function earliestOffsets(partitions: number): Map<number, number> {
  return new Map(Array.from({ length: partitions }, (_, partition) => [partition, 0]));
}

/** Where a partition ends at a time: a bounded run stops there. */
function arrivedEnd(log: RandomLog, partition: number, nowMs: number): number {
  const next = log.records.find((record) => record.partition === partition && record.arrivesMs > nowMs);
  return next?.offset ?? log.endOffsets[partition] ?? 0;
}

/** After an orderly end every file is there; after a crash, none that the manifest's log does not explain. */
function check(log: RandomLog, disk: Disk, orderly: boolean): void {
  const { state, files, deadLetters } = disk;
  if (state === undefined) return;
  const manifest = { format: 1, engine: "embedded", ...state.ownership, ...state } as const;
  const expected = expectedOutput(log, manifest);
  for (const [file, text] of files) assert.equal(text, expected.files.get(file), file);
  for (const stored of state.partitions) {
    const { partition, read, counted, duplicates = 0, late, dead } = stored;
    const found = { read, counted, late, dead, ...(log.windows.dedupe ? { duplicates } : {}) };
    assert.deepEqual(found, expected.accounting.get(partition), `partition ${partition}`);
  }
  const rejected = state.partitions.flatMap(({ dead }) => Object.values(dead)).reduce((sum, n) => sum + n, 0);
  assert(deadLetters.size >= rejected, "a dead letter is missing");
  const undelivered = new Set(state.outbox.map(({ query, windowStartMs }) => `${query}/${windowStartMs}`));
  for (const file of expected.files.keys()) {
    assert(files.has(file) || (!orderly && undelivered.has(file)), `${file} is missing`);
  }
  if (orderly) {
    assert.deepEqual(disk.manifest?.closedThroughMs, state.closedThroughMs);
    assert.deepEqual(disk.manifest?.partitions, state.partitions);
  }
}
