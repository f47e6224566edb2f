import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ClickstreamError } from "../core/errors.ts";
import { formatBeyond, newerFormat } from "../core/newer-format.ts";
import { createFolder, replaceFile, syncFolder } from "./durable-file.ts";
import { MANIFEST_FORMAT, type Manifest } from "./manifest.ts";
import { manifestSchema } from "./manifest-schema.ts";
import { outputError } from "./output-error.ts";

const FILE_NAME = "manifest.json";

/**
 * Replaces `<output>/manifest.json`, durably; a reader sees the old one or the new one.
 * @throws ClickstreamError OUTPUT_UNWRITABLE, OUTPUT_FULL.
 */
export async function writeManifest(output: string, manifest: Manifest): Promise<void> {
  try {
    await createFolder(output, output);
    await replaceFile(output, FILE_NAME, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
    await syncFolder(output);
  } catch (error) {
    throw outputError(output, error);
  }
}

/**
 * Reads `<output>/manifest.json`; undefined when there is none.
 * @throws ClickstreamError MANIFEST_FORMAT when a newer version wrote it, MANIFEST_UNREADABLE when it is no manifest.
 */
export async function readManifest(output: string): Promise<Manifest | undefined> {
  const path = join(output, FILE_NAME);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unreadable(path, (error as Error).message, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, "it is not JSON", error);
  }
  const found = formatBeyond(MANIFEST_FORMAT, value);
  if (found !== undefined) {
    throw newerFormat({
      code: "MANIFEST_FORMAT",
      what: `The manifest ${path}`,
      found,
      known: MANIFEST_FORMAT,
    });
  }
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) throw unreadable(path, z.prettifyError(parsed.error), parsed.error);
  return parsed.data;
}

function unreadable(path: string, reason: string, cause: unknown): ClickstreamError {
  return new ClickstreamError({
    code: "MANIFEST_UNREADABLE",
    message: `${path} can't be read as a manifest: ${reason}.`,
    nextStep: "Restore the file, or write to another --output; a run rewrites it at its next commit.",
    cause,
  });
}
