import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { windowFileName, windowFolder, windowStartOf } from "./window-path.ts";

/** A row of a window's file: `window_start`, `window_end`, keys, measures. */
export type WindowRow = Readonly<Record<string, string | number>>;

/** Starts of the windows that a query has in the output tree, ascending, ms since the epoch. */
export async function listWindows(output: string, query: string): Promise<number[]> {
  const starts: number[] = [];
  for (const day of await namesIn(join(output, query))) {
    if (!day.startsWith("date=")) continue;
    for (const file of await namesIn(join(output, query, day))) {
      const startMs = windowStartOf(file);
      if (startMs !== undefined) starts.push(startMs);
    }
  }
  return starts.sort((a, b) => a - b);
}

/** The rows of one window. */
export async function readWindow(output: string, query: string, windowStartMs: number): Promise<WindowRow[]> {
  const path = join(output, windowFolder(query, windowStartMs), windowFileName(windowStartMs));
  const text = await readFile(path, "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as WindowRow);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
