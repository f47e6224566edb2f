import { ClickstreamError } from "../core/errors.ts";

/** A failed file operation in the output tree as an error that says what to do. Errors of ours pass unchanged. */
export function outputError(folder: string, cause: unknown): ClickstreamError {
  if (cause instanceof ClickstreamError) return cause;
  const { code = "", message } = cause as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new ClickstreamError({
      code: "OUTPUT_FULL",
      message: `No space is left for results in ${folder}.`,
      nextStep: "Free some space and start again: nothing is lost, the same windows are written then.",
      cause,
    });
  }
  return new ClickstreamError({
    code: "OUTPUT_UNWRITABLE",
    message: `Results can't be written to ${folder}: ${message}.`,
    nextStep: "Make the folder writable, or choose another with --output.",
    cause,
  });
}
