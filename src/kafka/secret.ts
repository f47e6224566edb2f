import { exec } from "node:child_process";
import { readFile } from "node:fs/promises";
import { ClickstreamError } from "../core/errors.ts";
import type { SecretSource } from "./options.ts";

const COMMAND_TIMEOUT_MS = 30_000;
const MAX_SECRET_BYTES = 1 << 20;

/**
 * Reads a secret, without the line's end that editors and commands put behind it. No error holds anything of it.
 * @param server what the login is for
 * @throws ClickstreamError SECRET_UNREADABLE; SECRET_COMMAND_FAILED, which may pass
 */
export async function readSecret(source: SecretSource, server = "Kafka"): Promise<string> {
  const text = (await rawText(source, server)).replace(/\r?\n$/, "");
  if (text === "") throw unreadable(`${described(source)} is empty`, server);
  return text;
}

async function rawText(source: SecretSource, server: string): Promise<string> {
  if ("variable" in source) return process.env[source.variable] ?? "";
  if ("command" in source) return printed(source.command);
  try {
    return await readFile(source.file, "utf8");
  } catch (cause) {
    throw unreadable(`${described(source)} can't be read (${(cause as NodeJS.ErrnoException).code})`, server);
  }
}

/** What the command prints to stdout; its stderr is dropped, because commands tell secrets there when they fail. */
function printed(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    exec(command, { timeout: COMMAND_TIMEOUT_MS, maxBuffer: MAX_SECRET_BYTES }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else
        reject(commandFailed(error.killed ? "was ended: it ran too long" : `ended with code ${error.code}`));
    });
  });
}

function described(source: SecretSource): string {
  if ("variable" in source) return `The variable ${source.variable}`;
  return "file" in source ? `The file ${source.file}` : "What the token command prints";
}

function unreadable(what: string, server: string): ClickstreamError {
  return new ClickstreamError({
    code: "SECRET_UNREADABLE",
    message: `${what}; it should hold the secret for the login to ${server}.`,
    nextStep: "Put the secret there, and nothing else, readable for this user.",
  });
}

function commandFailed(how: string): ClickstreamError {
  return new ClickstreamError({
    code: "SECRET_COMMAND_FAILED",
    message: `The command that prints the token for Kafka ${how}.`,
    nextStep: "Run the command of --sasl-token-command by hand: it has to print the token and nothing else.",
  });
}
