import type { PipelineSettings } from "../config.ts";
import type { Context } from "../context.ts";
import type { RunningEngine } from "../parts.ts";
import type { EngineSnapshot } from "../progress/snapshot.ts";
import { PostgresCopy } from "./postgres-copy.ts";

/**
 * An engine whose commits PostgreSQL follows, by looking through what the tree has more after each. The engine itself
 * knows nothing of it.
 * @throws ClickstreamError when the server can't be used; the engine is stopped then
 */
export async function copiedToPostgres(
  engine: RunningEngine,
  { log, clock }: Context,
  { output, postgres: destination }: PipelineSettings,
): Promise<RunningEngine> {
  const { manifest } = engine.inspect();
  if (destination === undefined || manifest === undefined) return engine;
  const stopping = new AbortController();
  const failed = Promise.withResolvers<void>();
  const copy = new PostgresCopy({ log, clock, destination, output, onFailed: () => failed.resolve() });
  try {
    await copy.begin(manifest.engine, manifest);
  } catch (error) {
    await engine.stop();
    throw error;
  }
  engine.onCommit(() => copy.lookAgain());
  const ended = copyToTheEnd();
  ended.catch(() => {}); // shown where it is awaited

  async function copyToTheEnd(): Promise<void> {
    try {
      const hasFailed = await Promise.race([engine.ended.then(() => false), failed.promise.then(() => true)]);
      if (hasFailed) await engine.stop();
      await copy.end(hasFailed ? new AbortController().signal : stopping.signal);
    } finally {
      await copy.close();
    }
  }

  return {
    ended,
    snapshot: (): EngineSnapshot => ({ ...engine.snapshot(), postgres: copy.snapshot }),
    inspect: () => engine.inspect(),
    onCommit: (listener) => engine.onCommit(listener),
    openEnds: () => engine.openEnds(),
    lookAt: (window, limit) => engine.lookAt(window, limit),
    figures: () => engine.figures(),
    async finish() {
      await engine.finish();
      await ended;
    },
    async stop() {
      stopping.abort();
      await engine.stop();
      await ended.catch(() => {}); // told by `ended`
    },
  };
}
