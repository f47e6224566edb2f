import { readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { ClickstreamError } from "../core/errors.ts";
import { DATA_QUALITY } from "../queries/data-quality.ts";
import { STANDARD_QUERIES } from "../queries/standard.ts";
import { INDEX_FILE } from "../sinks/archive-index.ts";
import { ARCHIVE_FOLDER } from "../sinks/archive-path.ts";
import { readManifest } from "../sinks/manifest-file.ts";

/**
 * Deletes an output tree: windows of its queries, state, manifest; nothing else that lies there. A folder without a
 * manifest or state is no output of this program and is left alone.
 * @throws ClickstreamError OUTPUT_UNWRITABLE
 */
export async function deleteOutput(output: string): Promise<void> {
  const names: string[] = await readdir(output).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw undeletable(output, error);
  });
  if (!names.includes("manifest.json") && !names.includes("checkpoints")) return;
  const manifest = await readManifest(output).catch(() => undefined); // one that can't be read is deleted all the same
  const plans = [...STANDARD_QUERIES, ...(manifest?.queries ?? [])];
  const queries = new Set([...plans.map((plan) => plan.name), DATA_QUALITY]);
  try {
    for (const query of queries) {
      const names = await readdir(join(output, query)).catch(() => []);
      for (const name of names.filter((name) => name.startsWith("date=") || name === "_spark_metadata")) {
        await rm(join(output, query, name), { recursive: true });
      }
      await rmdir(join(output, query)).catch(() => {}); // something of the user's lies there
    }
    await deleteArchive(output, queries);
    await rm(join(output, "checkpoints"), { recursive: true, force: true });
    await rm(join(output, "manifest.json"), { force: true }); // last, so that a crash before leaves a tree to delete
  } catch (error) {
    throw undeletable(output, error);
  }
}

/** Archived days, what the reader made of row files, the index; nothing else that lies there. */
async function deleteArchive(output: string, queries: ReadonlySet<string>): Promise<void> {
  const archive = join(output, ARCHIVE_FOLDER);
  for (const name of await readdir(archive).catch(() => [])) {
    if (queries.has(name) || name.startsWith("_")) await rm(join(archive, name), { recursive: true });
  }
  await rm(join(output, INDEX_FILE), { force: true });
  await rmdir(archive).catch(() => {}); // absent, or something of the user's lies there
}

function undeletable(output: string, cause: unknown): ClickstreamError {
  return new ClickstreamError({
    code: "OUTPUT_UNWRITABLE",
    message: `The results in ${output} can't be deleted: ${(cause as Error).message}.`,
    nextStep: "Make the folder writable, or choose another with --output.",
    cause,
  });
}
