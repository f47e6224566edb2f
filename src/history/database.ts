import type { DuckDBConnection } from "@duckdb/node-api";

/** What a database may use. */
export interface DatabaseLimits {
  memoryMb: number;
  threads: number;
  /** Where what does not fit into memory goes; left out, it is an error. */
  spillFolder?: string;
}

/** An in-memory DuckDB of this program's own. */
export interface Database extends Disposable {
  connection: DuckDBConnection;
  /** Another connection to the same database. */
  connect(): Promise<DuckDBConnection>;
}

/** Opens an empty database that fetches and loads nothing from elsewhere. */
export async function openDatabase({ memoryMb, threads, spillFolder }: DatabaseLimits): Promise<Database> {
  const { DuckDBInstance } = await import("@duckdb/node-api"); // slow to load, and most commands need none
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: `${memoryMb}MB`,
    threads: String(threads),
    temp_directory: spillFolder ?? "",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  const connection = await instance.connect();
  await connection.run("SET GLOBAL TimeZone = 'UTC'");
  await connection.run("SET GLOBAL parquet_metadata_cache = true");
  return {
    connection,
    connect: () => instance.connect(),
    [Symbol.dispose]() {
      instance.closeSync();
    },
  };
}
