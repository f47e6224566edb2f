import type { Clock } from "../core/clock.ts";
import type { Config } from "./config.ts";
import type { Logger } from "./log.ts";
import type { Terminal } from "./terminal.ts";

/** What every use case is handed. */
export interface Context {
  config: Config;
  /** The environment variables of the process, for the programs that it starts. */
  environment: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  log: Logger;
  /** Standard error. Results go to standard output, by the command line. */
  terminal: Terminal;
  /** Aborts at the first Ctrl-C: end in order. */
  stopRequested: AbortSignal;
}
