import { systemClock } from "../../core/clock.ts";
import type { Config } from "../config.ts";
import type { Context } from "../context.ts";
import { createLogger } from "../log.ts";
import { Terminal } from "../terminal.ts";

/** What a use case is handed when a program calls it: no view is drawn, and nothing is started that needs variables. */
export function createContext(config: Config, stopRequested: AbortSignal): Context {
  const terminal = new Terminal(globalThis.process.stderr);
  const { logLevel: level, logFile: file } = config.settings;
  const log = createLogger({ level, file, terminal, clock: systemClock });
  return { config, environment: {}, clock: systemClock, log, terminal, stopRequested };
}
