import { readFile } from "node:fs/promises";
import { ArchivedDays } from "../../history/archived-day.ts";
import { treeWindows } from "../../history/tree-windows.ts";
import type { QueryPlan } from "../../queries/plan.ts";
import { committedFiles, isSparkFolder } from "../../sinks/spark-files.ts";
import { type Summary, SummaryBuilder, type WindowRow } from "./summary.ts";

const SUMMARISED = new Set(["url_counts", "device_counts", "user_activity", "window_totals"]);
const LIMITS = { memoryMb: 256, threads: 1 };

/**
 * Summarises what the standard queries and whole sessions among `queries` have in an output tree, archived or not. Standard
 * ones must have windows of `sizeMs`. Of sliding ones it takes those that start at a multiple of their own length: they
 * cover time once.
 * @throws the system's error when a file can't be read
 */
export async function summariseTree(
  output: string,
  queries: readonly QueryPlan[],
  sizeMs: number,
): Promise<Summary> {
  const builder = new SummaryBuilder();
  using archived = new ArchivedDays(output, LIMITS);
  for (const plan of queries.filter((query) => SUMMARISED.has(query.name) || isSessions(query))) {
    for await (const text of rowTexts(output, plan, archived)) {
      for (const line of text.split("\n")) {
        if (line === "") continue;
        const row = JSON.parse(line) as WindowRow;
        if (isSessions(plan)) {
          builder.addSession(row);
          continue;
        }
        const covers = Date.parse(String(row.window_start)) % sizeMs === 0;
        if (covers) builder.add(plan.name, row);
        if (plan.name === "window_totals") builder.addPeak(row);
      }
    }
  }
  return builder.result();
}

/** Whether a query has a row for each whole session. */
export function isSessions({ sessions }: QueryPlan): boolean {
  return sessions?.rows === "sessions";
}

/** All rows of a query, in pieces of newline-delimited JSON. */
async function* rowTexts(output: string, plan: QueryPlan, archived: ArchivedDays): AsyncGenerator<string> {
  if (await isSparkFolder(output, plan.name)) {
    for (const file of await committedFiles(output, plan.name)) yield await readFile(file, "utf8");
    return;
  }
  for await (const { text } of treeWindows(output, plan, archived)) yield text;
}
