import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { namesIn } from "../history/day-sources.ts";
import { type Day, dayOfFolder } from "../sinks/archive-path.ts";
import { syncFolder } from "../sinks/durable-file.ts";

/** Readers skip names that begin with `_`. */
const GONE = "_gone-";

/** Removes a folder: at once for readers, by one rename, then from the disk. Absent is fine. */
export async function removeFolder(parent: string, name: string): Promise<void> {
  const gone = join(parent, GONE + name);
  await rm(gone, { recursive: true, force: true });
  try {
    await rename(join(parent, name), gone);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  await syncFolder(dirname(gone));
  await rm(gone, { recursive: true });
}

/** Removes from the disk what `removeFolder` had renamed before a crash. */
export async function removeGone(parent: string): Promise<void> {
  for (const name of await namesIn(parent)) {
    if (name.startsWith(GONE)) await rm(join(parent, name), { recursive: true, force: true });
  }
}

/** The days that have a folder in a folder. */
export async function daysIn(folder: string): Promise<Day[]> {
  return (await namesIn(folder)).map(dayOfFolder).filter((day) => day !== undefined);
}
