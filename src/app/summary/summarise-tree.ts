import { readFile } from "node:fs/promises";
import { committedFiles, isSparkFolder } from "../../sinks/spark-files.ts";
import { listWindows, readWindow, type WindowRow } from "../../sinks/window-tree.ts";
import { type Summary, SummaryBuilder } from "./summary.ts";

const SUMMARISED = new Set(["url_counts", "device_counts", "user_activity", "window_totals"]);

/**
 * Summarises what the standard queries among `queries` have in an output tree. All must have windows of `sizeMs`. Of
 * sliding ones it takes those that start at a multiple of their own length: they cover time once.
 * @throws the system's error when a file can't be read
 */
export async function summariseTree(
  output: string,
  queries: readonly string[],
  sizeMs: number,
): Promise<Summary> {
  const builder = new SummaryBuilder();
  for (const query of queries.filter((name) => SUMMARISED.has(name))) {
    const covers = (startMs: number) => startMs % sizeMs === 0;
    const isWanted = (startMs: number) => covers(startMs) || query === "window_totals";
    for await (const { startMs, rows } of windowsOf(output, query, isWanted)) {
      for (const row of rows) {
        if (covers(startMs)) builder.add(query, row);
        if (query === "window_totals") builder.addPeak(row);
      }
    }
  }
  return builder.result();
}

/** The rows of the windows that are wanted by their starts; those of one window may come in parts. */
async function* windowsOf(
  output: string,
  query: string,
  isWanted: (startMs: number) => boolean,
): AsyncGenerator<{ startMs: number; rows: readonly WindowRow[] }> {
  if (!(await isSparkFolder(output, query))) {
    for (const startMs of (await listWindows(output, query)).filter(isWanted)) {
      yield { startMs, rows: await readWindow(output, query, startMs) };
    }
    return;
  }
  for (const file of await committedFiles(output, query)) {
    const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
    for (const line of lines) {
      const row = JSON.parse(line) as WindowRow;
      const startMs = Date.parse(String(row.window_start));
      if (isWanted(startMs)) yield { startMs, rows: [row] };
    }
  }
}
