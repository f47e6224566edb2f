import { setImmediate as turn } from "node:timers/promises";
import { refuseOldNode } from "../app/api/node-version.ts";
import type { ClickstreamConfig } from "../app/config/define-config.ts";
import { configOf, pipelineSettings } from "../app/config.ts";
import { type DurationText, parseDuration } from "../core/durations.ts";
import { UsageError } from "../core/errors.ts";
import { partitionOfKey } from "../kafka/murmur2.ts";
import type { Accounting } from "../sinks/manifest.ts";
import { ManualClock } from "./manual-clock.ts";
import { type EngineSettings, MemoryRun, type Surroundings } from "./memory-run.ts";
import { MemorySink } from "./memory-sink.ts";
import { MemoryState } from "./memory-state.ts";
import { MemoryTopic } from "./memory-topic.ts";
import { keyOf, type TestValue, valueBytes } from "./test-event.ts";

/** A row of a closed window: `window_start` and `window_end` (ISO, UTC), the keys, the measures. */
export interface Row {
  readonly window_start: string;
  readonly window_end: string;
  readonly [column: string]: string | number;
}

/** An event that was none. */
export interface RejectedEvent {
  readonly partition: number;
  readonly offset: number;
  /** The first reason that applies, such as `missing_field:url`. */
  readonly reason: string;
  /** As it came; null for a null value. */
  readonly value: string | null;
}

/** What is said of a pipeline under test besides its config. */
export interface TestSurroundings {
  /** Where the test's clock begins, RFC 3339 with a zone; 2026-01-01T00:00:00Z unless given. */
  readonly now?: string | undefined;
}

const DEFAULT_NOW = "2026-01-01T00:00:00Z";

/**
 * A pipeline in memory, made of the engine's own parts: no Kafka, no files, no threads, no waiting, the same result each
 * time. It takes what a config file holds, also that file's export itself. `partitions` is 1 unless given; settings of
 * Kafka, files and the generator have no effect.
 * @throws UsageError for a config that `clickstream process` would refuse
 * @throws ClickstreamError on a Node that is too old
 */
export function testPipeline(config: ClickstreamConfig = {}, around: TestSurroundings = {}): TestPipeline {
  refuseOldNode();
  return new TestPipeline(config, around);
}

/**
 * A pipeline under test. It runs from the beginning. Calls take effect one after the other, in the order in which they
 * were made, whether awaited or not; what failed is thrown by the next call that is awaited.
 */
export class TestPipeline {
  private readonly settings: EngineSettings;
  private readonly around: Surroundings;
  private run: MemoryRun | undefined;
  private fed = 0;
  private done: Promise<void>;

  constructor(config: ClickstreamConfig, { now = DEFAULT_NOW }: TestSurroundings) {
    const file = { path: "the config under test", values: { partitions: 1, ...config } };
    const read = configOf({ command: "process", flags: {}, env: {}, file, cores: 1 });
    this.settings = pipelineSettings(read);
    this.around = {
      clock: new ManualClock(timeOf(now)),
      topic: new MemoryTopic(read.settings.partitions),
      state: new MemoryState(),
      sink: new MemorySink(),
      deadLetters: new Map(),
    };
    this.done = this.begin();
    this.done.catch(() => {});
  }

  /**
   * Sends events to the topic, with the clock's time as the record's timestamp. They are read with the next commit: see
   * `advance`. An event goes to `partition`, or to that of its user.
   */
  feed(values: TestValue | readonly TestValue[], { partition }: { partition?: number } = {}): Promise<void> {
    const { clock, topic } = this.around;
    if (partition !== undefined && !topic.has(partition)) {
      throw new UsageError(`There is no partition ${partition}.`, "Give the config more partitions.");
    }
    const list: readonly TestValue[] = isList(values) ? values : [values];
    return this.next(async () => {
      for (const value of list) {
        const key = Buffer.from(keyOf(value));
        const to = partition ?? partitionOfKey(key, 0, key.length, topic.partitionCount);
        topic.append(to, clock.nowMs(), valueBytes(value, ++this.fed, clock.nowMs()));
      }
    });
  }

  /** Lets time pass, at least 1 ms. While it runs, the pipeline reads, commits and closes windows every `commitEvery`. */
  advance(duration: DurationText): Promise<void> {
    const durationMs = parseDuration(duration, "The time to advance");
    return this.next(async () => {
      const { clock } = this.around;
      const untilMs = clock.nowMs() + durationMs;
      while (clock.wakeBy(untilMs)) await this.settled();
      clock.moveTo(untilMs);
    });
  }

  /** Stops in order, as Ctrl-C does. What is fed meanwhile waits on the topic. */
  stop(): Promise<void> {
    return this.next(() => this.end());
  }

  /** Starts again from the last commit. Does nothing when it runs. */
  start(): Promise<void> {
    return this.next(async () => {
      if (this.run === undefined) await this.begin();
    });
  }

  /** `stop` and `start`. */
  restart(): Promise<void> {
    return this.next(async () => {
      await this.end();
      await this.begin();
    });
  }

  /** Ends at once, as `kill -9` does: nothing after the last commit remains. `start` starts it again. */
  kill(): Promise<void> {
    return this.next(async () => {
      this.around.clock.forgetSleeper();
      this.run = undefined;
    });
  }

  /** Reads to the end of the topic and closes every window, as `--until-end --finish` does. Then it runs on. */
  finish(): Promise<void> {
    return this.next(async () => {
      await this.end();
      await new MemoryRun(this.around, this.settings, { bounded: true }).ended;
      await this.begin();
    });
  }

  /** Rows of a query in all closed windows, by window, then by key. @throws UsageError for a query that is not run. */
  async rows(query: string): Promise<Row[]> {
    if (!this.settings.queries.some(({ name }) => name === query)) {
      const names = this.settings.queries.map(({ name }) => name).join(", ");
      throw new UsageError(`No query is called ${query}.`, `Use one of ${names}.`);
    }
    await this.done;
    return [...this.around.sink.files]
      .map(([file, text]) => ({ file: file.split("/"), text }))
      .filter(({ file: [name] }) => name === query)
      .sort((a, b) => Number(a.file[1]) - Number(b.file[1]))
      .flatMap(({ text }) => text.trimEnd().split("\n"))
      .map((line) => JSON.parse(line) as Row);
  }

  /** What became of the events that were read, as of the last commit: read = counted + duplicates + late + all dead. */
  async accounting(): Promise<Accounting> {
    await this.done;
    const total: Accounting = { read: 0, counted: 0, late: 0, dead: {} };
    for (const { read, counted, duplicates, late, dead } of this.around.state.load()?.partitions ?? []) {
      total.read += read;
      total.counted += counted;
      if (duplicates !== undefined) total.duplicates = (total.duplicates ?? 0) + duplicates;
      total.late += late;
      for (const [reason, events] of Object.entries(dead))
        total.dead[reason] = (total.dead[reason] ?? 0) + events;
    }
    return total;
  }

  /** Events that were sent to the dead-letter topic, in the order in which they were. */
  async deadLetters(): Promise<RejectedEvent[]> {
    await this.done;
    return [...this.around.deadLetters.values()].map(({ partition, offset, reason, value }) => ({
      partition,
      offset,
      reason,
      value: value === null ? null : Buffer.from(value).toString(),
    }));
  }

  /** The end of the last closed window; null before the first. */
  async closedThrough(): Promise<Date | null> {
    await this.done;
    const closedMs = this.around.state.load()?.closedThroughMs ?? null;
    return closedMs === null ? null : new Date(closedMs);
  }

  /** The test's clock. */
  async now(): Promise<Date> {
    await this.done;
    return new Date(this.around.clock.nowMs());
  }

  private next(step: () => Promise<void>): Promise<void> {
    this.done = this.done.then(step);
    this.done.catch(() => {}); // kept for the next that waits
    return this.done;
  }

  private async begin(): Promise<void> {
    this.run = new MemoryRun(this.around, this.settings, { bounded: false });
    await this.settled();
  }

  private async end(): Promise<void> {
    await this.run?.stop();
    this.run = undefined;
  }

  /** Returns when the engine sleeps, with everything done that it had begun. */
  private async settled(): Promise<void> {
    await Promise.race([this.around.clock.asleep, this.run?.ended]);
    await turn();
  }
}

const isList = (values: TestValue | readonly TestValue[]): values is readonly TestValue[] =>
  Array.isArray(values);

function timeOf(now: string): number {
  const timeMs = Date.parse(now);
  if (Number.isFinite(timeMs)) return timeMs;
  throw new UsageError(`now is not a time: ${JSON.stringify(now)}.`, 'Write it as "2026-01-01T00:00:00Z".');
}
