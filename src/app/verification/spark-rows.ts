import { readFile } from "node:fs/promises";
import type { QueryPlan } from "../../queries/plan.ts";
import { committedFiles } from "../../sinks/spark-files.ts";

/** The rows of a query that Spark has committed, by the start of their window: newline-delimited JSON, by their keys. */
export async function sparkRows(output: string, { name, by }: QueryPlan): Promise<Map<string, string>> {
  const windows = new Map<string, { keys: Buffer[]; line: string }[]>();
  for (const file of await committedFiles(output, name)) {
    for (const line of (await readFile(file, "utf8")).split("\n")) {
      if (line === "") continue;
      const row = JSON.parse(line) as Record<string, unknown>;
      const keys = by.map((field) => Buffer.from(String(row[field])));
      const window = String(row.window_start);
      const rows = windows.get(window);
      if (rows === undefined) windows.set(window, [{ keys, line: plainEscapes(line) }]);
      else rows.push({ keys, line: plainEscapes(line) });
    }
  }
  return new Map(
    [...windows].map(([window, rows]) => [
      window,
      rows
        .sort((a, b) => compareKeys(a.keys, b.keys))
        .map(({ line }) => `${line}\n`)
        .join(""),
    ]),
  );
}

/** Order of rows within a window. */
export function compareKeys(left: readonly Buffer[], right: readonly Buffer[]): number {
  for (const [index, key] of left.entries()) {
    const order = Buffer.compare(key, right[index] as Buffer);
    if (order !== 0) return order;
  }
  return 0;
}

/** Java writes control characters with capital letters (`\u001F`), the meaning of rows says small ones. */
export function plainEscapes(line: string): string {
  return line.includes("\\u")
    ? line.replaceAll(/\\(?:u[0-9A-F]{4}|.)/g, (sequence) =>
        sequence[1] === "u" ? sequence.toLowerCase() : sequence,
      )
    : line;
}
