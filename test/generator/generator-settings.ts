import fc from "fast-check";
import type { GeneratorSettings } from "../../src/generator/settings.ts";

/** 2026-11-23T08:00:00Z. */
export const START_MS = Date.UTC(2026, 10, 23, 8);

/** The settings of a usual run, without anything broken, late or repeated. */
export const SOUND: GeneratorSettings = {
  seed: 1,
  startMs: START_MS,
  users: 1_000,
  lateShare: 0,
  outOfOrderMs: 30_000,
  brokenShare: 0,
  duplicateShare: 0,
};

/** Any settings, with many events that something befalls. */
export const anySettings: fc.Arbitrary<GeneratorSettings> = fc.record({
  seed: fc.maxSafeInteger(),
  startMs: fc.integer({ min: 86_400_000, max: Date.UTC(8_999, 0) }),
  users: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 20_000 })),
  lateShare: fc.double({ min: 0, max: 0.2, noNaN: true }),
  outOfOrderMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_600_000 })),
  brokenShare: fc.double({ min: 0, max: 0.25, noNaN: true }),
  duplicateShare: fc.double({ min: 0, max: 0.5, noNaN: true }),
});

/** Event numbers, also beyond 32 bits. */
export const anyNumber: fc.Arbitrary<number> = fc.oneof(
  fc.nat(1_000),
  fc.nat(),
  fc.integer({ min: 0, max: 2 ** 40 }),
);
