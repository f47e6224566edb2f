import { z } from "zod";

/**
 * What the latest window that overlaps no other says of the data; null without --data-quality, before its first window, and
 * where no engine tells (serve).
 */
export const qualitySchema = z.strictObject({
  startMs: z.int(),
  rows: z
    .array(
      z.strictObject({
        expectation: z.string().describe("volume, cardinality or unknown_share"),
        key: z.string(),
        value: z.number(),
        low: z.number().nullable().describe("Null, as high and ok, while there is too little history"),
        high: z.number().nullable(),
        ok: z.boolean().nullable(),
      }),
    )
    .describe("Those that are not as expected come first; 100 at most"),
});
export type Quality = z.infer<typeof qualitySchema>;
