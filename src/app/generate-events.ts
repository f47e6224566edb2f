import type { Context } from "./context.ts";
import { withLifecycle } from "./lifecycle.ts";
import type { Parts } from "./parts.ts";
import { showProgress } from "./progress/progress.ts";
import { aborted } from "./stop-signals.ts";

/** What `generate` prints at its end, as one line of JSON. */
export interface GenerateResult {
  /** Events on the topic, those of earlier runs included. */
  produced: number;
  producedInRun: number;
  /** Of this run. */
  eventsPerSecond: number;
}

/** The generator alone, to the total or Ctrl-C; `complete` tells which. Undefined when it was stopped before it ran. */
export async function generateEvents(
  context: Context,
  parts: Pick<Parts, "ensureTopic" | "openGenerator">,
): Promise<{ result: GenerateResult; complete: boolean } | undefined> {
  const { config, clock, stopRequested, terminal } = context;
  const brokers = config.settings.brokers ?? [];
  return withLifecycle(context, async (lifecycle) => {
    await parts.ensureTopic(context, brokers);
    const generator = await lifecycle.start(
      "generator",
      () => parts.openGenerator(context, brokers, false),
      (part) => part.stop(),
    );
    const startedMs = clock.monotonicMs();
    const elapsedMs = (): number => clock.monotonicMs() - startedMs;
    const read = () => ({ elapsedMs: elapsedMs(), producer: generator.snapshot(), engine: null });
    await lifecycle.start(
      "progress",
      async () => showProgress({ terminal, clock, read }),
      (progress) => progress.stop(),
    );
    const complete = await Promise.race([
      generator.ended.then(() => true),
      aborted(stopRequested).then(() => false),
    ]);
    await generator.stop();
    const producedInRun = generator.producedInRun();
    const eventsPerSecond = Math.round((producedInRun * 1_000) / Math.max(1, elapsedMs()));
    return { result: { produced: generator.snapshot().produced, producedInRun, eventsPerSecond }, complete };
  });
}
