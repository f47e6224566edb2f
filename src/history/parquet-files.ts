import type { DuckDBConnection } from "@duckdb/node-api";
import type { RowShape } from "./columns.ts";
import type { Gathered } from "./gather-files.ts";
import { columnTypes, identifier, literal } from "./sql-text.ts";

/** Least size of DuckDB's read buffer; a longer line needs a larger one. */
const LINE_BYTES = 1 << 20;

/** So many bytes of long lines are still sorted in memory. */
const MAX_SORTED_LONG_BYTES = 1 << 25;
/** What DuckDB holds of long rows while it writes or reads them. */
const LONG_GROUP_BYTES = 1 << 24;

/** Lines of rows in one file. */
export type Lines = { path: string } & Pick<Gathered, "longestLine" | "longBytes">;

/**
 * Writes rows of newline-delimited JSON as Parquet, sorted by keys, then by time: one user's month is then a small part of
 * each file, and similar values lie together. Where keys of a megabyte are many, DuckDB can't sort them in the memory it
 * has: then rows stay as they are, sorted by keys in each window. @throws DuckDB's error, also when a row does not have the shape
 */
export async function writeParquet(
  connection: DuckDBConnection,
  source: Lines,
  shape: RowShape,
  target: string,
): Promise<void> {
  const options = [
    "format = 'newline_delimited'",
    `columns = ${columnTypes(shape.columns)}`,
    `maximum_object_size = ${Math.max(LINE_BYTES, source.longestLine + 1)}`,
  ];
  const rows = `SELECT * FROM read_json(${literal(source.path)}, ${options.join(", ")})`;
  const format = `TO ${literal(target)} (FORMAT parquet, COMPRESSION zstd`;
  if (source.longBytes > MAX_SORTED_LONG_BYTES) {
    await inOrder(connection, `COPY (${rows}) ${format}, ROW_GROUP_SIZE_BYTES ${LONG_GROUP_BYTES})`);
  } else {
    const order = [...shape.keys, "window_start"].map(identifier).join(", ");
    await connection.run(`COPY (${rows} ORDER BY ${order}) ${format})`);
  }
}

/** Small groups of rows are only to be had without DuckDB's care for their order; one thread alone keeps it. */
async function inOrder(connection: DuckDBConnection, copy: string): Promise<void> {
  const threads = (await connection.runAndReadAll("SELECT current_setting('threads')::INTEGER")).getRows();
  await connection.run("SET threads = 1");
  await connection.run("SET preserve_insertion_order = false");
  try {
    await connection.run(copy);
  } finally {
    await connection.run("RESET preserve_insertion_order");
    await connection.run(`SET threads = ${threads[0]?.[0]}`);
  }
}
