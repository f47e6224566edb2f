import { UsageError } from "../core/errors.ts";

/** What the generated events are a function of. */
export interface GeneratorSettings {
  /** Any whole number; other seeds make other visitors. */
  seed: number;
  /**
   * Time of event 0 in the backlog, ms since the epoch: event n happens at `startMs + n`. The times that the schedule
   * gives are handed to `EventWriter.write`; the bytes depend on nothing else of it.
   */
  startMs: number;
  /** How many visitors there are. */
  users: number;
  /** Share of events that arrive 10 to 25 minutes after they happened. */
  lateShare: number;
  /** Every event arrives up to this long after it happened, uniformly; 0 for strict order. */
  outOfOrderMs: number;
  /** Share of events whose value is broken, in one of many ways. */
  brokenShare: number;
  /** Share of events that repeat an earlier one, byte for byte. */
  duplicateShare: number;
}

/** More would need dense user numbers past what the memory of a laptop holds. */
const MAX_USERS = 10_000_000;
/** Some way into 1970 and before 10000, so that late and future events have a year of four digits too. */
const LEAST_START_MS = 86_400_000;
const GREATEST_START_MS = Date.UTC(9_000, 0);
/** An hour: far beyond any useful watermark delay, and small enough for 32-bit arithmetic. */
const MAX_OUT_OF_ORDER_MS = 3_600_000;
/** Repeats of repeats are looked up one by one, so they must stay rarer than events. */
const MAX_DUPLICATE_SHARE = 0.5;

/**
 * Refuses what no generator can be made of.
 * @throws UsageError that names the first impossible setting.
 */
export function checkGeneratorSettings(settings: GeneratorSettings): void {
  const { seed, startMs, users, lateShare, outOfOrderMs, brokenShare, duplicateShare } = settings;
  requireWhole("seed", seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  requireWhole("start", startMs, LEAST_START_MS, GREATEST_START_MS);
  requireWhole("users", users, 1, MAX_USERS);
  requireWhole("out-of-order", outOfOrderMs, 0, MAX_OUT_OF_ORDER_MS);
  requireShare("late", lateShare, 1);
  requireShare("broken", brokenShare, 1);
  requireShare("duplicates", duplicateShare, MAX_DUPLICATE_SHARE);
  if (lateShare + brokenShare + duplicateShare > 1) {
    throw new UsageError(
      "late, broken and duplicates together are more than all events.",
      "Give shares that add up to at most 1.",
    );
  }
}

function requireWhole(name: string, value: number, least: number, greatest: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= greatest) return;
  throw new UsageError(`${name} can't be ${value}.`, `Give a whole number from ${least} to ${greatest}.`);
}

function requireShare(name: string, value: number, greatest: number): void {
  if (value >= 0 && value <= greatest) return;
  throw new UsageError(`${name} can't be ${value}.`, `Give a share of the events, from 0 to ${greatest}.`);
}
