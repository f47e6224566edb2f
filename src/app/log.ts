import { type Logger, pino } from "pino";
import pretty from "pino-pretty";
import type { Clock } from "../core/clock.ts";
import { ClickstreamError } from "../core/errors.ts";
import type { Terminal } from "./terminal.ts";

export type { Logger } from "pino";

/** Where logs go and how much of them. */
export interface LogOptions {
  level: "trace" | "debug" | "info" | "warn" | "error" | "silent";
  /** JSON lines are appended to it; absent: the terminal, for people or, where nobody looks, as JSON lines. */
  file?: string | undefined;
  terminal: Terminal;
  clock: Clock;
}

/**
 * The program's logger. Every line is written before the call returns, so a crash loses none.
 * @throws ClickstreamError LOG_FILE when the file can't be opened.
 */
export function createLogger({ level, file, terminal, clock }: LogOptions): Logger {
  const options = { level, base: null, timestamp: () => `,"time":${clock.nowMs()}` };
  if (file !== undefined) {
    try {
      return pino(options, pino.destination({ dest: file, append: true, mkdir: true, sync: true }));
    } catch (cause) {
      throw new ClickstreamError({
        code: "LOG_FILE",
        message: `The log file ${file} can't be opened: ${(cause as Error).message}.`,
        nextStep: "Choose another with --log-file, or leave it out to log to stderr.",
        cause,
      });
    }
  }
  if (!terminal.interactive) return pino(options, { write: (line) => terminal.write(line) });
  const prettify = pretty.prettyFactory({
    colorize: terminal.style("red", "x") !== "x",
    translateTime: "SYS:HH:MM:ss",
    ignore: "pid,hostname",
  });
  return pino(options, { write: (line) => terminal.write(prettify(JSON.parse(line)) ?? line) });
}
