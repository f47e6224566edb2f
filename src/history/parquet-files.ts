import type { DuckDBConnection } from "@duckdb/node-api";
import type { RowShape } from "./columns.ts";
import { columnTypes, identifier, literal } from "./sql-text.ts";

/** Least size of DuckDB's read buffer; a longer line needs a larger one. */
const LINE_BYTES = 1 << 20;

/**
 * Writes rows of newline-delimited JSON as Parquet, sorted by keys, then by time: one user's month is then a small part of
 * each file, and similar values lie together. @throws DuckDB's error, also when a row does not have the shape
 */
export async function writeParquet(
  connection: DuckDBConnection,
  source: { path: string; longestLine: number },
  shape: RowShape,
  target: string,
): Promise<void> {
  const options = [
    "format = 'newline_delimited'",
    `columns = ${columnTypes(shape.columns)}`,
    `maximum_object_size = ${Math.max(LINE_BYTES, source.longestLine + 1)}`,
  ];
  const order = [...shape.keys, "window_start"].map(identifier).join(", ");
  await connection.run(
    `COPY (SELECT * FROM read_json(${literal(source.path)}, ${options.join(", ")}) ORDER BY ${order})
     TO ${literal(target)} (FORMAT parquet, COMPRESSION zstd)`,
  );
}
