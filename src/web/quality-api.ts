import { z } from "zod";

/** As rows name them. */
export const EXPECTATIONS = [
  "volume",
  "cardinality",
  "unknown_share",
  "dead_share",
  "late_share",
  "duplicate_share",
  "freshness",
] as const;

/**
 * What the latest window that overlaps no other says of the data; null without --data-quality, before its first window, and
 * where no engine tells (serve).
 */
export const qualitySchema = z.strictObject({
  startMs: z.int(),
  rows: z
    .array(
      z.strictObject({
        expectation: z.enum(EXPECTATIONS),
        key: z
          .string()
          .describe("What it is of: a query, its column, a reason of dead letters, or all records"),
        value: z.number(),
        low: z.number().nullable().describe("Null, as high and ok, while there is too little history"),
        high: z.number().nullable(),
        ok: z.boolean().nullable(),
      }),
    )
    .describe("Those that are not as expected come first; 100 at most"),
});
export type Quality = z.infer<typeof qualitySchema>;
