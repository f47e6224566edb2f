import type { ArchiveFormat, Day } from "./archive-path.ts";

/** One day of a query in one file. */
export interface ArchivedDay {
  format: ArchiveFormat;
  /** Windows with rows. */
  windows: number;
  rows: number;
  /** Size of the file. */
  bytes: number;
  /** Of the file's bytes, hexadecimal. */
  sha256: string;
}

/** What became of a query's older days. */
export interface QueryArchive {
  /** Days before it are dropped; null when all are kept. */
  keptFrom: Day | null;
  /** Days whose rows are in the archive and no longer in window files. */
  days: Record<Day, ArchivedDay>;
}

/** Version of the index. */
export const INDEX_FORMAT = 1;

/**
 * `output/archive/archive.json`: where the rows of a day are. A day that it names is in the archive, one before
 * `keptFrom` is gone, any other is in window files; leftovers elsewhere mean nothing.
 */
export interface ArchiveIndex {
  format: typeof INDEX_FORMAT;
  /** By name. A query that is not there has all its days in window files. */
  queries: Record<string, QueryArchive>;
}
