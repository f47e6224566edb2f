import type { RowShape } from "./columns.ts";
import { identifier, list } from "./sql-text.ts";

/** A Parquet file of a query's rows. All rows of a window are in one file, sorted by their keys. */
export interface StretchFile {
  path: string;
  /** Its windows start in [fromMs, toMs), ms since the epoch. */
  fromMs: number;
  toMs: number;
  /** Changes with what the file holds. */
  identity: string;
  /** Of a whole day behind which there is another, so that it hardly changes any more. */
  isSettled: boolean;
  copies?: DayCopy;
}

/** Copies of a day's file, by what they are for, where there are some. */
export interface DayCopy {
  /** With windows only that do not overlap. */
  apart?: string;
  /** Of those one row a key, with its first window's start. */
  sums?: string;
}

/** Windows that start in [fromMs, toMs), ms since the epoch. */
export interface Stretch {
  fromMs: number;
  toMs: number;
  /** Only windows that start at a multiple of their length are asked for: files may hold others all the same. */
  apart?: boolean;
  /** Beside that, rows of a key are only combined with one another, in any order. */
  summed?: boolean;
}

/** The rows of some files as an item of a FROM clause; of those files only that can hold windows of the stretch. */
export function rowsWithin(
  shape: RowShape,
  files: readonly StretchFile[],
  { fromMs, toMs, apart = false, summed = false }: Stretch = {
    fromMs: Number.NEGATIVE_INFINITY,
    toMs: Number.POSITIVE_INFINITY,
  },
): string {
  const within = files.filter((file) => file.fromMs < toMs && file.toMs > fromMs);
  if (within.length === 0) return noRows(shape, "false");
  const paths = within.map(({ path, copies = {}, ...file }) => {
    const isWhole = file.fromMs >= fromMs && file.toMs <= toMs;
    return (summed && isWhole && copies.sums) || (apart && copies.apart) || path;
  });
  return `read_parquet(${list(paths)})`;
}

/** The columns of a query without rows, as long as the condition is not true. */
export function noRows({ columns }: RowShape, condition: string): string {
  const nothing = columns.map(({ name, type }) => `NULL::${type} AS ${identifier(name)}`);
  return `(SELECT ${nothing.join(", ")}, 0::BIGINT AS file_row_number WHERE ${condition})`;
}
