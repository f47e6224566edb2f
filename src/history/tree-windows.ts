import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { QueryPlan } from "../queries/plan.ts";
import { archiveOf, isDropped, readArchiveIndex } from "../sinks/archive-index.ts";
import { dayFolder, dayOfFolder } from "../sinks/archive-path.ts";
import type { ArchivedDays } from "./archived-day.ts";
import { namesIn, windowFilesIn } from "./day-sources.ts";
import type { WindowText } from "./window-texts.ts";

/**
 * Every window that a query has in an output tree that nobody writes to, archived or not, by its start.
 * @throws ClickstreamError ARCHIVE_UNREADABLE, ARCHIVE_DAMAGED, and the system's errors
 */
export async function* treeWindows(
  output: string,
  plan: QueryPlan,
  archived: ArchivedDays,
): AsyncGenerator<WindowText> {
  const archive = archiveOf(await readArchiveIndex(output), plan.name);
  const inFiles = (await namesIn(join(output, plan.name)))
    .map(dayOfFolder)
    .filter((day) => day !== undefined);
  for (const day of [...new Set([...inFiles, ...Object.keys(archive.days)])].sort()) {
    if (isDropped(archive, day)) continue;
    const archivedDay = archive.days[day];
    if (archivedDay !== undefined) {
      yield* archived.windows(plan, day, archivedDay);
      continue;
    }
    for (const { path, windowStartMs } of await windowFilesIn(join(output, plan.name, dayFolder(day)))) {
      const text = await readFile(path, "utf8");
      yield { startMs: windowStartMs as number, rows: text.split("\n").length - 1, text };
    }
  }
}
