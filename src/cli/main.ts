import { styleText } from "node:util";
import { CommanderError } from "commander";
import { ClickstreamError, UsageError } from "../core/errors.ts";
import { DONE, FAILED, WRONG_USE } from "./action.ts";
import { createProgram } from "./program.ts";

// A reader that has seen enough, such as head, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(DONE);
});

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === DONE ? DONE : WRONG_USE; // commander has printed it
  } else if (error instanceof ClickstreamError) {
    printError(error);
    process.exitCode = error instanceof UsageError ? WRONG_USE : FAILED;
  } else {
    throw error; // a defect of this program: crash with its stack
  }
}

function printError(error: ClickstreamError): void {
  const { code, message, nextStep } = error;
  const searchable = error instanceof UsageError ? "" : ` [${code}]`;
  const label = styleText("red", "error:", { stream: process.stderr });
  process.stderr.write(`${label} ${message}${searchable}\n  ${nextStep}\n`);
}
