import type { Clock } from "../../src/core/clock.ts";
import type { Random } from "../../src/core/random.ts";
import type { DeadLetter } from "../../src/engines/embedded/flush.ts";
import type { Commit, Ownership, StateStore, StoredState } from "../../src/engines/embedded/state-store.ts";
import type { LogRecord } from "../../src/oracle/oracle.ts";
import type { Manifest, PartitionManifest } from "../../src/sinks/manifest.ts";
import type { Sink, WindowRows } from "../../src/sinks/sink.ts";
import { MemorySink } from "../../src/testing/memory-sink.ts";
import { MemoryState } from "../../src/testing/memory-state.ts";

/** The process is gone: what it was about to do does not happen. */
export class Crash extends Error {}

/** Decides, by seed, when a process dies. Steps of a dead process crash again, as its threads died with it. */
export class CrashPlan {
  private readonly random: Random;
  private readonly chance: number;
  private dead = false;

  constructor(random: Random, chance: number) {
    this.random = random;
    this.chance = chance;
  }

  step(): void {
    if (!this.dead && this.random.unit() < this.chance) this.dead = true;
    if (this.dead) throw new Crash();
  }

  kill(): void {
    this.dead = true;
  }
}

/** Time that passes only while the coordinator sleeps; then the world goes on. */
export class SimulatedClock implements Clock {
  private now: number;
  private readonly whileAsleep: (untilMs: number) => void;

  constructor(startMs: number, whileAsleep: (untilMs: number) => void) {
    this.now = startMs;
    this.whileAsleep = whileAsleep;
  }

  nowMs(): number {
    return this.now;
  }

  monotonicMs(): number {
    return this.now;
  }

  async sleep(durationMs: number): Promise<void> {
    this.now += durationMs;
    this.whileAsleep(this.now);
  }
}

/** What a disk keeps of a state: survives crashes, all of a commit or nothing. */
export class Disk {
  private readonly memory = new MemoryState();
  private readonly results = new MemorySink();
  readonly deadLetters = new Map<string, DeadLetter>();
  manifest: Manifest | undefined;

  get state(): StoredState | undefined {
    return this.memory.load();
  }

  /** `query/windowStartMs` → text. */
  get files(): ReadonlyMap<string, string> {
    return this.results.files;
  }

  store(crashes: CrashPlan): StateStore {
    return {
      load: () => this.memory.load(),
      slots: () => this.memory.slots(),
      countedIds: () => this.memory.countedIds(),
      create: (ownership: Ownership, partitions: readonly PartitionManifest[]) => {
        crashes.step();
        this.memory.create(ownership, partitions);
      },
      commit: (commit: Commit) => {
        crashes.step();
        this.memory.commit(commit);
        crashes.step();
      },
      close: () => {},
    };
  }

  /** A sink that may die between any two windows and checks that a window's bytes never change. */
  sink(crashes: CrashPlan): Sink {
    return {
      name: this.results.name,
      write: async (entries: readonly WindowRows[]) => {
        for (const entry of entries) {
          await Promise.resolve();
          crashes.step();
          await this.results.write([entry]);
        }
        crashes.step();
      },
      close: async () => {},
    };
  }

  async sendDeadLetters(letters: readonly DeadLetter[], crashes: CrashPlan): Promise<void> {
    for (const letter of letters) {
      await Promise.resolve();
      crashes.step();
      this.deadLetters.set(`${letter.partition}/${letter.offset}`, letter);
    }
  }
}

/** Records of one partition, in offset order. */
export function recordsOf<Entry extends LogRecord>(records: readonly Entry[], partition: number): Entry[] {
  return records.filter((record) => record.partition === partition);
}
