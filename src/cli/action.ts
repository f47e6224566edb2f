import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { type CommandName, SETTINGS } from "../app/config/settings.ts";
import { environment, printableConfig, readConfig } from "../app/config.ts";
import type { Context } from "../app/context.ts";
import { knownBrokers } from "../app/local-kafka.ts";
import { createLogger } from "../app/log.ts";
import { INTERRUPTED, listenForStop } from "../app/stop-signals.ts";
import { Terminal } from "../app/terminal.ts";
import { systemClock } from "../core/clock.ts";
import { givenFlags } from "./setting-options.ts";

/** Exit codes of the command line, beside 130 for work that Ctrl-C ended. */
export const DONE = 0;
export const FAILED = 1;
export const WRONG_USE = 2;

/** What a command does once its settings are read; returns its exit code. */
export type Work = (context: Context) => Promise<number>;

/** Gives a command `--config` and `--print-config`, and what it does. Exit codes end in `process.exitCode`. */
export function setAction(command: Command, name: CommandName, work: Work): Command {
  return command
    .option("--config <file>", "read settings from a file (default: clickstream.config.ts if there)")
    .option("--print-config", "print every setting and where it comes from, as JSON, and end")
    .action(async () => {
      const config = await readConfig({
        command: name,
        flags: givenFlags(command),
        configPath: command.getOptionValue("config") as string | undefined,
        env: environment,
        folder: process.cwd(),
        cores: availableParallelism(),
        localBrokers: knownBrokers(SETTINGS.dir.default),
      });
      if (command.getOptionValue("printConfig")) {
        printLine(JSON.stringify(printableConfig(config), null, 2));
        return;
      }
      const terminal = new Terminal(process.stderr);
      const clock = systemClock;
      const { logLevel: level, logFile: file } = config.settings;
      const log = createLogger({ level, file, terminal, clock });
      const onFirst = (): void => log.info("stopping; press Ctrl-C again to end at once");
      using signals = listenForStop(process, clock, onFirst);
      const { stopRequested } = signals;
      try {
        process.exitCode = await work({ config, environment, clock, log, terminal, stopRequested });
      } catch (error) {
        if (!stopRequested.aborted || !isAbort(error)) throw error;
        process.exitCode = INTERRUPTED;
      } finally {
        terminal.release();
      }
    });
}

/** Writes a result. */
export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Whether an error says no more than that its work was told to stop. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
