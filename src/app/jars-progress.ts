import type { JarsProgress } from "../local/jars.ts";
import { KAFKA, type Software } from "../local/software.ts";
import type { Context } from "./context.ts";

const LINE_EVERY_FILES = 10;

/** Shows the download of a software's jars: in place in a terminal, else a log line now and then. */
export function jarsProgress(
  { terminal, log }: Pick<Context, "terminal" | "log">,
  { name, files: expected, megabytes }: Software = KAFKA,
): (progress: JarsProgress) => void {
  return ({ step, files, file }) => {
    const text =
      step === "waiting"
        ? `waiting for another process that fetches ${name}`
        : `fetching ${name}, once: ${Math.min(files, expected)} of about ${expected} files (${megabytes} MB) ${file}`;
    if (step === "done") terminal.release();
    else if (terminal.interactive) terminal.show(text.trimEnd());
    else if (files % LINE_EVERY_FILES === 0) log.info(text.trimEnd());
  };
}
