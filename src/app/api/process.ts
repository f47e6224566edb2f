import { availableParallelism } from "node:os";
import type { Clock } from "../../core/clock.ts";
import type { ClickstreamConfig } from "../config/define-config.ts";
import type { Context } from "../context.ts";
import type { ProcessResult, ShowEngine } from "../process.ts";
import type { EngineSnapshot } from "../progress/snapshot.ts";
import { refuseOldNode } from "./node-version.ts";

const PROGRESS_EVERY_MS = 1_000;

/**
 * What `process` takes: everything that a config file may hold, written the same way. Neither the environment nor a
 * config file is looked at. Logs are warnings on stderr unless `logLevel` or `logFile` say otherwise.
 */
export type ProcessOptions = ClickstreamConfig & {
  /** Ends the work in order when it aborts: after a last commit, and with a result. */
  readonly signal?: AbortSignal | undefined;
  /** Called about once a second and once at the end. */
  readonly onProgress?: ((progress: EngineSnapshot) => void) | undefined;
};

/** What the output folder holds at the end, counting earlier calls on the same folder, and how this call went. */
export interface ProcessOutcome extends ProcessResult {
  /** False when `signal` ended a call with `untilEnd` before it had read everything. */
  readonly complete: boolean;
}

/**
 * Processes the events of a topic into windows, as the command `clickstream process` does: until the topic's end with
 * `untilEnd`, else until `signal` aborts. Calling it again on the same output goes on where the last commit was.
 * @throws UsageError for an unknown or impossible option, by name
 * @throws ClickstreamError when something outside fails for good, and on a Node that is too old; all that was committed
 *   stays
 * @throws the signal's reason when it aborts before the work has begun
 */
export async function process(options: ProcessOptions = {}): Promise<ProcessOutcome> {
  refuseOldNode();
  const { signal = new AbortController().signal, onProgress, ...values } = options;
  signal.throwIfAborted();
  // Loaded here, so that a config file which imports this package does not load an engine.
  const [{ configOf }, { createContext }, { openAlerts }, { openEngine }, { openWeb }, { processTopic }] =
    await Promise.all([
      import("../config.ts"),
      import("./context.ts"),
      import("../alerting/alerts-part.ts"),
      import("../engine-part.ts"),
      import("../web/web-part.ts"),
      import("../process.ts"),
    ]);
  const file = { path: "the options of process()", values: { logLevel: "warn", ...values } };
  const config = configOf({ command: "process", flags: {}, env: {}, file, cores: availableParallelism() });
  const context = createContext(config, signal);
  const ended = await processTopic(context, { openAlerts, openEngine, openWeb }, report(onProgress));
  if (ended === undefined) throw signal.reason;
  return { ...ended.result, complete: ended.complete };
}

function report(onProgress: ProcessOptions["onProgress"]): ShowEngine {
  if (onProgress === undefined) return () => ({ stop: async () => {} });
  return ({ clock }: Context, read) => {
    const stopping = new AbortController();
    const ended = repeat(clock, stopping.signal, () => onProgress(read()));
    return {
      async stop() {
        stopping.abort();
        await ended;
      },
    };
  };
}

async function repeat(clock: Clock, until: AbortSignal, call: () => void): Promise<void> {
  while (!until.aborted) {
    await clock.sleep(PROGRESS_EVERY_MS, until);
    call();
  }
}
