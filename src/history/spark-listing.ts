import type { Clock } from "../core/clock.ts";
import { type Day, dayOfFolder } from "../sinks/archive-path.ts";
import { committedFiles, isSparkFolder } from "../sinks/spark-files.ts";
import { type ListRowFiles, type RowFile, windowFileListing } from "./day-sources.ts";

/** Lists final row files of any engine's tree: Spark's by the log of its sink, the embedded one's by their names. */
export function anyEngineListing(clock: Pick<Clock, "nowMs">): ListRowFiles {
  const windowFiles = windowFileListing(clock);
  return async (output, query) => {
    if (!(await isSparkFolder(output, query))) return windowFiles(output, query);
    const days = new Map<Day, RowFile[]>();
    for (const path of await committedFiles(output, query)) {
      const day = dayOfFolder(path.split("/").at(-2) ?? "");
      if (day === undefined) continue;
      const files = days.get(day) ?? [];
      files.push({ path, windowStartMs: undefined });
      days.set(day, files);
    }
    return days;
  };
}
