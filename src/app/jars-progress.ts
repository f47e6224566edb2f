import { EXPECTED_JARS, type JarsProgress } from "../local/jars.ts";
import type { Context } from "./context.ts";

const LINE_EVERY_FILES = 10;

/** Shows the download of Kafka's jars: in place in a terminal, else a log line now and then. */
export function jarsProgress({
  terminal,
  log,
}: Pick<Context, "terminal" | "log">): (progress: JarsProgress) => void {
  return ({ step, files, file }) => {
    const text =
      step === "waiting"
        ? "waiting for another process that fetches Kafka"
        : `fetching Kafka, once: ${Math.min(files, EXPECTED_JARS.files)} of about ${EXPECTED_JARS.files} files (${EXPECTED_JARS.megabytes} MB) ${file}`;
    if (step === "done") terminal.release();
    else if (terminal.interactive) terminal.show(text.trimEnd());
    else if (files % LINE_EVERY_FILES === 0) log.info(text.trimEnd());
  };
}
