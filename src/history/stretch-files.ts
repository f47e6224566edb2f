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
  /** A copy of it with windows only that do not overlap. */
  apart?: string | undefined;
}

/** Windows that start in [fromMs, toMs), ms since the epoch. */
export interface Stretch {
  fromMs: number;
  toMs: number;
  /** Only windows that start at a multiple of their length are asked for: files may hold others all the same. */
  apart?: boolean;
}

/** The rows of some files as an item of a FROM clause; of those files only that can hold windows of the stretch. */
export function rowsWithin(
  shape: RowShape,
  files: readonly StretchFile[],
  { fromMs, toMs, apart = false }: Stretch = {
    fromMs: Number.NEGATIVE_INFINITY,
    toMs: Number.POSITIVE_INFINITY,
  },
): string {
  const within = files.filter((file) => file.fromMs < toMs && file.toMs > fromMs);
  if (within.length === 0) return noRows(shape, "false");
  return `read_parquet(${list(within.map((file) => (apart && file.apart) || file.path))})`;
}

/** The columns of a query without rows, as long as the condition is not true. */
export function noRows({ columns }: RowShape, condition: string): string {
  const nothing = columns.map(({ name, type }) => `NULL::${type} AS ${identifier(name)}`);
  return `(SELECT ${nothing.join(", ")}, 0::BIGINT AS file_row_number WHERE ${condition})`;
}
