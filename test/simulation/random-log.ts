// Small logs in which everything happens: disorder, late and broken events, idle partitions, holes between offsets.
import fc from "fast-check";
import { type Random, seededRandom } from "../../src/core/random.ts";
import type { EventRules } from "../../src/events/event.ts";
import type { LogRecord } from "../../src/oracle/oracle.ts";
import type { WindowSettings } from "../../src/queries/plan.ts";
import { brokenValue, SMALL_RULES, soundValue } from "./event-values.ts";

/** Windows so small that a few dozen events open, close and miss many of them. */
export const SMALL_WINDOWS: WindowSettings = {
  sizeMs: 5_000,
  slideMs: 1_000,
  delayMs: 10_000,
  maxAheadMs: 2_000,
};

export interface ArrivingRecord extends LogRecord {
  /** When it is in the log, ms since the epoch: its timestamp, if it has one. */
  arrivesMs: number;
}

/** A topic as it stands at the end of a story. */
export interface RandomLog {
  windows: WindowSettings;
  rules: EventRules;
  partitionCount: number;
  /** In the order of arrival; offsets ascend within a partition. */
  records: ArrivingRecord[];
  /** By partition: the next offset that a producer would get; may be behind a hole. */
  endOffsets: number[];
}

const NO_TIMESTAMP = -1;

const STEP_KINDS = [
  "onTime",
  "outOfOrder",
  "late",
  "edge",
  "ahead",
  "future",
  "timeless",
  "broken",
  "repeat",
] as const;
type StepKind = (typeof STEP_KINDS)[number];

/** One record of the story. */
interface Step {
  /** Index into the stretch's active partitions, modulo. */
  lane: number;
  kind: StepKind;
  /** Time since the record before, ms. */
  passedMs: number;
  /** In [0, 1): how far the event's time is from the record's, within what the kind allows. */
  shift: number;
  /** Offsets left out before the record, as by compaction or transaction markers. */
  hole: number;
  /** Seed of everything else in the value. */
  details: number;
}

/** A part of the story during which some partitions are silent. */
interface Stretch {
  /** Silence of all before it, ms. */
  pauseMs: number;
  active: number[];
  steps: Step[];
}

/**
 * A story: `lagsMs` holds, by partition, how old its events are when they arrive; `grainMs`, of what their times are
 * multiples, so that some have the same.
 */
interface Story {
  lagsMs: number[];
  trailingHoles: number[];
  grainMs: number;
  stretches: Stretch[];
}

// Stories cross midnight, where the output's date folders change.
const STORY_START_MS = Date.UTC(2026, 10, 23, 23, 59, 45);

function eventTimeMs({ kind, shift }: Step, nowMs: number, lagMs: number): number {
  const { sizeMs, slideMs, delayMs, maxAheadMs } = SMALL_WINDOWS;
  const within = (fromMs: number, toMs: number): number => Math.floor(fromMs + shift * (toMs - fromMs));
  switch (kind) {
    case "onTime":
    case "timeless":
    case "broken":
    case "repeat":
      return nowMs - lagMs - within(0, 400);
    case "outOfOrder":
      return nowMs - lagMs - within(0, delayMs + sizeMs);
    case "late":
      return nowMs - lagMs - within(delayMs, 4 * delayMs);
    case "edge":
      return (
        Math.floor((nowMs - lagMs - within(0, delayMs + sizeMs)) / slideMs) * slideMs - (shift < 0.5 ? 0 : 1)
      );
    case "ahead":
      return nowMs + within(0, maxAheadMs + 1);
    case "future":
      return nowMs + maxAheadMs + 1 + within(0, 100_000);
  }
}

function tell({ lagsMs, trailingHoles, grainMs, stretches }: Story): RandomLog {
  const records: ArrivingRecord[] = [];
  const endOffsets = lagsMs.map((_, partition) => partition * 10);
  let nowMs = STORY_START_MS;
  for (const { pauseMs, active, steps } of stretches) {
    nowMs += pauseMs;
    for (const step of steps) {
      const partition = (active[step.lane % active.length] ?? 0) % lagsMs.length;
      nowMs += step.passedMs;
      const offset = (endOffsets[partition] ?? 0) + step.hole;
      endOffsets[partition] = offset + 1;
      const exactMs = eventTimeMs(step, nowMs, lagsMs[partition] ?? 0);
      const timeMs = Math.floor(exactMs / grainMs) * grainMs;
      const random = seededRandom(step.details);
      const value = repeatedValue(step, records, partition) ?? newValue(step, random, timeMs);
      const timestampMs = step.kind === "timeless" ? NO_TIMESTAMP : nowMs;
      records.push({ partition, offset, timestampMs, value, arrivesMs: nowMs });
    }
  }
  return {
    windows: SMALL_WINDOWS,
    rules: SMALL_RULES,
    partitionCount: lagsMs.length,
    records,
    endOffsets: endOffsets.map((end, partition) => end + (trailingHoles[partition] ?? 0)),
  };
}

function newValue({ kind }: Step, random: Random, timeMs: number): Buffer | null {
  return kind === "broken" ? brokenValue(random, timeMs) : soundValue(random, timeMs);
}

/** Some value that the partition had before, the latest ones most often; undefined for another step, or the first. */
function repeatedValue(
  { kind, shift }: Step,
  records: readonly LogRecord[],
  partition: number,
): Uint8Array | null | undefined {
  if (kind !== "repeat") return undefined;
  const before = records.filter((record) => record.partition === partition);
  return before[Math.floor(before.length * (1 - shift ** 2))]?.value ?? before[0]?.value;
}

const KIND_WEIGHTS: Readonly<Record<StepKind, number>> = {
  onTime: 60,
  outOfOrder: 14,
  late: 6,
  edge: 6,
  ahead: 4,
  future: 3,
  timeless: 1,
  broken: 7,
  repeat: 6,
};
const WEIGHTED_KINDS = STEP_KINDS.flatMap((kind) => Array<StepKind>(KIND_WEIGHTS[kind]).fill(kind));

const LAGS_MS = [0, 0, 300, 4_000, 25_000] as const;
const PAUSES_MS = [0, 0, 1_000, 7_000, 30_000, 120_000] as const;
const GRAINS_MS = [1, 1, 1, 500, 1_000] as const;
const HOLES = [0, 0, 0, 0, 0, 0, 0, 1, 2, 50] as const;

const oneOf = <T>(random: Random, choices: readonly T[]): T => choices[random.below(choices.length)] as T;
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

/** The log of a seed: 1–4 partitions, up to about 240 records. For simulations that count seeds. */
export function randomLog(random: Random): RandomLog {
  const partitionCount = 1 + random.below(4);
  const step = (): Step => ({
    lane: random.below(4),
    kind: oneOf(random, WEIGHTED_KINDS),
    passedMs: random.below(10) === 0 ? random.below(4_000) : random.below(400),
    shift: random.unit(),
    hole: oneOf(random, HOLES),
    details: random.int32(),
  });
  return tell({
    lagsMs: times(partitionCount, () => oneOf(random, LAGS_MS)),
    trailingHoles: times(partitionCount, () => oneOf(random, HOLES)),
    stretches: times(1 + random.below(6), () => ({
      pauseMs: oneOf(random, PAUSES_MS),
      active: times(1 + random.below(partitionCount), () => random.below(partitionCount)),
      steps: times(random.below(40), step),
    })),
    grainMs: oneOf(random, GRAINS_MS),
  });
}

const stepArbitrary: fc.Arbitrary<Step> = fc.record({
  lane: fc.nat(3),
  kind: fc.constantFrom(...WEIGHTED_KINDS),
  passedMs: fc.oneof({ weight: 9, arbitrary: fc.nat(400) }, { weight: 1, arbitrary: fc.nat(4_000) }),
  shift: fc.nat(999).map((permille) => permille / 1_000),
  hole: fc.constantFrom(...HOLES),
  details: fc.nat(),
});

/** The same logs for fast-check, which shrinks a failing one to its few records that matter. */
export const logArbitrary: fc.Arbitrary<RandomLog> = fc
  .record({
    lagsMs: fc.array(fc.constantFrom(...LAGS_MS), { minLength: 1, maxLength: 4 }),
    trailingHoles: fc.array(fc.constantFrom(...HOLES), { maxLength: 4 }),
    grainMs: fc.constantFrom(...GRAINS_MS),
    stretches: fc.array(
      fc.record({
        pauseMs: fc.constantFrom(...PAUSES_MS),
        active: fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }),
        steps: fc.array(stepArbitrary, { maxLength: 40 }),
      }),
      { maxLength: 6 },
    ),
  })
  .map(tell);
