import { listWindows, readWindow } from "../../sinks/window-tree.ts";
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
    for (const startMs of await listWindows(output, query)) {
      const covers = startMs % sizeMs === 0;
      if (!covers && query !== "window_totals") continue;
      for (const row of await readWindow(output, query, startMs)) {
        if (covers) builder.add(query, row);
        if (query === "window_totals") builder.addPeak(row);
      }
    }
  }
  return builder.result();
}
