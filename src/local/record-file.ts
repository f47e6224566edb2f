import { existsSync, readFileSync } from "node:fs";
import { ClickstreamError } from "../core/errors.ts";
import { replaceFileSync } from "../core/replace-file.ts";
import type { Software } from "./software.ts";

/**
 * A record that the processes around a local server share; undefined when there is none.
 * @throws ClickstreamError KAFKA_RECORD_UNREADABLE, SPARK_RECORD_UNREADABLE
 */
export function readRecordFile<R extends { format: number }>(
  path: string,
  format: R["format"],
  { software: { name }, nextStep }: { software: Software; nextStep: string },
): R | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const record = JSON.parse(readFileSync(path, "utf8")) as R;
    if (record.format !== format) throw new Error(`its format is ${record.format}`);
    return record;
  } catch (cause) {
    throw new ClickstreamError({
      code: `${name.toUpperCase()}_RECORD_UNREADABLE`,
      message: `${path} is not readable as the record of a local ${name}.`,
      nextStep,
      cause,
    });
  }
}

/** Replaces the record, whole or not at all. */
export function writeRecordFile(path: string, record: object): void {
  replaceFileSync(path, `${JSON.stringify(record, undefined, 2)}\n`);
}
