import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/** Name under which a file is written until it is whole: readers of the tree skip names that begin with `_`. */
export function temporaryName(fileName: string): string {
  return `_${fileName}.tmp`;
}

/** Whether `temporaryName` made the name. */
export function isTemporaryName(fileName: string): boolean {
  return fileName.startsWith("_") && fileName.endsWith(".tmp");
}

/**
 * Puts a whole file in place: temporary name, fsync, rename. Readers see the old file or the new one, never a part.
 * Durable once the folder is synced too.
 */
export async function replaceFile(folder: string, fileName: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(folder, temporaryName(fileName));
  try {
    const file = await open(temporary, "w");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(folder, fileName));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // a full disk must not keep the part that did fit
    throw error;
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Creates a folder with its parents, all durable. Parents down from `root` are synced even when they exist: a crash may
 * have come between their creation and the sync.
 */
export async function createFolder(folder: string, root: string): Promise<void> {
  const target = resolve(folder);
  const created = await mkdir(target, { recursive: true });
  const top = dirname(shorter(resolve(created ?? target), resolve(root)));
  for (let path = target; path !== top; ) {
    path = dirname(path);
    await syncFolder(path);
  }
}

/** Of two folders on one path the one nearer to the file system's root. */
const shorter = (a: string, b: string): string => (a.length < b.length ? a : b);
