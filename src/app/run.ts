import { differentWindows } from "../queries/window-lengths.ts";
import { pipelineSettings } from "./config.ts";
import type { Context } from "./context.ts";
import { type Lifecycle, withLifecycle } from "./lifecycle.ts";
import type { EngineFigures, Parts, RunningEngine, RunningGenerator } from "./parts.ts";
import { showProgress } from "./progress/progress.ts";
import { aborted } from "./stop-signals.ts";
import { isSessions, summariseTree } from "./summary/summarise-tree.ts";
import { type RunFigures, renderSummary } from "./summary/summary-text.ts";
import type { Style } from "./terminal.ts";

/**
 * The main job: a Kafka, a generator, an engine, until Ctrl-C or, with `exit`, until the total is processed. Returns the
 * summary for people, in a style; undefined when it was stopped before the engine ran.
 */
export async function run(context: Context, parts: Parts, style: Style): Promise<string | undefined> {
  const { config, clock } = context;
  const { settings } = config;
  const figures = await withLifecycle(context, async (lifecycle) => {
    await parts.preflight(context);
    if (settings.fresh) await parts.deleteAll(context);
    const brokers = settings.brokers ?? (await startKafka(lifecycle, context, parts));
    await parts.ensureTopic(context, brokers);
    const startedMs = clock.monotonicMs();
    const alerts = await lifecycle.start(
      "alerts",
      () => parts.openAlerts(context, pipelineSettings(config, brokers)),
      (part) => part.stop(),
    );
    const engine = await lifecycle.start(
      "engine",
      () => parts.openEngine(context, pipelineSettings(config, brokers)),
      (part) => part.stop(),
    );
    alerts.watch(engine);
    const live = settings.live && !settings.exit;
    const generator = await lifecycle.start(
      "generator",
      () => parts.openGenerator(context, brokers, live),
      (part) => part.stop(),
    );
    let producingMs = 0;
    let caughtUp: EngineFigures | undefined;
    void generator.totalReached.then(
      () => {
        producingMs = clock.monotonicMs() - startedMs;
        if (live) caughtUp = engine.figures(); // live events come slowly: they say nothing of the speed
      },
      () => {},
    );
    await lifecycle.start(
      "page",
      () => parts.openWeb(context, brokers, { engine, generator, alerts }),
      (part) => part.stop(),
    );
    await lifecycle.start(
      "progress",
      async () =>
        showProgress({
          terminal: context.terminal,
          clock,
          read: () => ({
            elapsedMs: clock.monotonicMs() - startedMs,
            producer: generator.snapshot(),
            engine: engine.snapshot(),
          }),
        }),
      (progress) => progress.stop(),
    );
    await work(context, engine, generator);
    await generator.stop();
    await engine.stop();
    return runFigures(
      context,
      { engine, generator },
      producingMs || clock.monotonicMs() - startedMs,
      caughtUp,
    );
  });
  if (figures === undefined) return undefined;
  const { windows, queries } = pipelineSettings(config);
  const summarised = queries.filter((query) => query.windows === undefined || isSessions(query));
  const summary = await summariseTree(settings.output, summarised, windows.sizeMs);
  return renderSummary(summary, figures, style);
}

async function startKafka(lifecycle: Lifecycle, context: Context, parts: Parts): Promise<readonly string[]> {
  const kafka = await lifecycle.start(
    "kafka",
    () => parts.startKafka(context),
    (part) => part.stop(),
  );
  return kafka.brokers;
}

/** Returns when a stop was asked for, or with `exit` when all is processed and closed. */
async function work(context: Context, engine: RunningEngine, generator: RunningGenerator): Promise<void> {
  const stopped = aborted(context.stopRequested);
  const failed = Promise.all([engine.ended, generator.ended]).then(() => stopped);
  await Promise.race([stopped, failed, generator.totalReached]);
  if (context.stopRequested.aborted) return;
  if (context.config.settings.exit) {
    await generator.stop();
    await Promise.race([stopped, engine.finish()]);
    return;
  }
  context.log.info(
    context.config.settings.live ? "the total is reached, going on live" : "the total is reached",
  );
  await Promise.race([stopped, failed]);
}

function runFigures(
  { config }: Context,
  { engine, generator }: { engine: RunningEngine; generator: RunningGenerator },
  producingMs: number,
  speed: EngineFigures = engine.figures(),
): RunFigures {
  const { read, counted, duplicates, late, dead, windowsClosed, postgres } = engine.snapshot();
  const { readInRun, busyMs } = speed;
  const { windows, queries } = pipelineSettings(config);
  const produced = Math.min(generator.producedInRun(), config.settings.events);
  return {
    accounting: { read, counted, duplicates, late, dead: { ...dead } },
    windows: differentWindows(queries, windows),
    windowsClosed,
    producedPerSecond: produced === 0 ? null : (produced * 1_000) / producingMs,
    processedPerSecond: readInRun === 0 || busyMs === 0 ? null : (readInRun * 1_000) / busyMs,
    postgres,
  };
}
