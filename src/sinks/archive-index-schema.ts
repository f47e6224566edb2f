import { z } from "zod";
import { type ArchivedDay, type ArchiveIndex, INDEX_FORMAT } from "./archive-index-format.ts";

const day = z.iso.date();
const count = z.int().nonnegative();

const archivedDaySchema: z.ZodType<ArchivedDay> = z.strictObject({
  format: z.enum(["json", "parquet"]),
  windows: count,
  rows: count,
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const archiveIndexSchema: z.ZodType<ArchiveIndex> = z.strictObject({
  format: z.literal(INDEX_FORMAT),
  queries: z.record(
    z.string(),
    z.strictObject({ keptFrom: day.nullable(), days: z.record(day, archivedDaySchema) }),
  ),
});

/** The index as untrusted data, or what is wrong with it. */
export function parseArchiveIndex(
  value: unknown,
): { index: ArchiveIndex } | { problem: string; cause: Error } {
  const parsed = archiveIndexSchema.safeParse(value);
  if (parsed.success) return { index: parsed.data };
  return { problem: z.prettifyError(parsed.error), cause: parsed.error };
}
