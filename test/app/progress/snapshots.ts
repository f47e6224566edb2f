import type { PipelineSnapshot } from "../../../src/app/progress/snapshot.ts";

/** In the middle of a backlog. */
export const MIDDLE: PipelineSnapshot = {
  elapsedMs: 16_420,
  producer: {
    produced: 6_204_000,
    total: 10_000_000,
    live: false,
    perSecond: 412_345.6,
    batchEvents: 1_000,
    batchMs: [2.41, 2.06, 13.2, 1.98, 2.2],
  },
  engine: {
    read: 5_800_123,
    counted: 5_793_811,
    late: 5_732,
    dead: { not_json: 312, bad_timestamp: 201, "missing_field:url": 67 },
    lag: 403_877,
    perSecond: 398_112,
    commits: 17,
    commitMs: [12.3, 11.8, 250, 1_234],
    windowsClosed: 165,
    windowsOpen: 14,
    watermarkMs: Date.UTC(2026, 10, 23, 6, 31),
  },
};

/** The first moment. */
export const BEGINNING: PipelineSnapshot = {
  elapsedMs: 0,
  producer: { produced: 0, total: 10_000_000, live: false, perSecond: 0, batchEvents: 1_000, batchMs: [] },
  engine: {
    read: 0,
    counted: 0,
    late: 0,
    dead: {},
    lag: null,
    perSecond: 0,
    commits: 0,
    commitMs: [],
    windowsClosed: 0,
    windowsOpen: 0,
    watermarkMs: null,
  },
};

/** Numbers as large as they come. */
export const HUGE: PipelineSnapshot = {
  elapsedMs: 400 * 86_400_000,
  producer: {
    produced: 123_456_789_012_345,
    total: 1_000_000_000_000,
    live: true,
    perSecond: 98_765_432,
    batchEvents: 100_000,
    batchMs: [7_200_000],
  },
  engine: {
    ...MIDDLE.engine!,
    read: 123_456_789_000_000,
    lag: 12_345,
    dead: Object.fromEntries(Array.from({ length: 26 }, (_, n) => [`wrong_type:field_${n}`, 1_000_000 + n])),
    windowsClosed: 9_876_543_210,
  },
};
