import { pipelineSettings } from "./config.ts";
import type { Context } from "./context.ts";
import { withLifecycle } from "./lifecycle.ts";
import type { Parts, RunningEngine } from "./parts.ts";
import { showProgress } from "./progress/progress.ts";
import type { EngineSnapshot, PostgresSnapshot } from "./progress/snapshot.ts";
import { aborted } from "./stop-signals.ts";

/** What `process` prints at its end, as one line of JSON. Counts are those of the committed state, earlier runs included. */
export interface ProcessResult {
  read: number;
  counted: number;
  /** Only with `--dedupe`. */
  duplicates?: number | undefined;
  late: number;
  dead: Readonly<Record<string, number>>;
  /** Windows closed. */
  windows: number;
  /** Of this run, from the first fetch to the last commit. */
  eventsPerSecond: number;
  /** What went to PostgreSQL in this run, and what waits for the next; only with `--postgres`. */
  postgres?: PostgresSnapshot;
  /** User and system time of this process. */
  cpuSeconds: number;
  peakRssBytes: number;
}

/** Shows an engine at work until stopped. */
export type ShowEngine = (context: Context, read: () => EngineSnapshot) => { stop(): Promise<void> };

/**
 * The engine alone, until the end of a bounded run or Ctrl-C. `complete` tells whether a bounded run came to its end;
 * undefined when it was stopped before the engine ran.
 */
export async function processTopic(
  context: Context,
  parts: Pick<Parts, "openAlerts" | "openEngine" | "openWeb">,
  show: ShowEngine = showInTerminal,
): Promise<{ result: ProcessResult; complete: boolean } | undefined> {
  const { config, stopRequested } = context;
  return withLifecycle(context, async (lifecycle) => {
    const alerts = await lifecycle.start(
      "alerts",
      () => parts.openAlerts(context, pipelineSettings(config)),
      (part) => part.stop(),
    );
    const engine = await lifecycle.start(
      "engine",
      () => parts.openEngine(context, pipelineSettings(config)),
      (part) => part.stop(),
    );
    alerts.watch(engine);
    await lifecycle.start(
      "page",
      () => parts.openWeb(context, config.settings.brokers ?? [], { engine, alerts }),
      (part) => part.stop(),
    );
    await lifecycle.start(
      "progress",
      async () => show(context, () => engine.snapshot()),
      (progress) => progress.stop(),
    );
    const complete = await Promise.race([
      engine.ended.then(() => true),
      aborted(stopRequested).then(() => false),
    ]);
    await engine.stop();
    return { result: processResult(engine), complete: complete || !config.settings.untilEnd };
  });
}

function showInTerminal({ terminal, clock }: Context, read: () => EngineSnapshot): ReturnType<ShowEngine> {
  const startedMs = clock.monotonicMs();
  return showProgress({
    terminal,
    clock,
    read: () => ({ elapsedMs: clock.monotonicMs() - startedMs, producer: null, engine: read() }),
  });
}

function processResult(engine: RunningEngine): ProcessResult {
  const { read, counted, duplicates, late, dead, windowsClosed, postgres } = engine.snapshot();
  const { readInRun, busyMs } = engine.figures();
  const { user, system } = process.cpuUsage();
  return {
    read,
    counted,
    ...(duplicates === undefined ? {} : { duplicates }),
    late,
    dead,
    windows: windowsClosed,
    eventsPerSecond: busyMs === 0 ? 0 : Math.round((readInRun * 1_000) / busyMs),
    ...(postgres === undefined ? {} : { postgres }),
    cpuSeconds: Math.round((user + system) / 1_000) / 1_000,
    peakRssBytes: process.resourceUsage().maxRSS * 1_024,
  };
}
