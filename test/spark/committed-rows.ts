// Rows of a query's folder as Spark committed them: the files that its log of batches names, and no others.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** All rows, as text and sorted, so that two outputs can be compared. */
export function committedRows(output: string, query: string): string[] {
  const log = join(output, query, "_spark_metadata");
  if (!existsSync(log)) return [];
  const batches = readdirSync(log).filter((name) => /^\d+(?:\.compact)?$/.test(name));
  const compacted = Math.max(
    -1,
    ...batches.filter((name) => name.endsWith(".compact")).map((name) => Number.parseInt(name, 10)),
  );
  return batches
    .filter((name) =>
      name.endsWith(".compact") ? Number.parseInt(name, 10) === compacted : Number(name) > compacted,
    )
    .flatMap((name) => readFileSync(join(log, name), "utf8").split("\n").slice(1))
    .filter((line) => line !== "")
    .flatMap((line) =>
      readFileSync(fileURLToPath((JSON.parse(line) as { path: string }).path), "utf8").split("\n"),
    )
    .filter((row) => row !== "")
    .sort();
}
