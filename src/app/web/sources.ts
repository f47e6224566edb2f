import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { stateFolderOf } from "../../engines/embedded/embedded-engine.ts";
import { checkpointsOf } from "../../engines/spark/spark-state.ts";
import { isStateLocked } from "../../engines/state-lock.ts";
import { readManifest } from "../../sinks/manifest-file.ts";
import type { PipelineSource } from "../../web/sources.ts";
import { recordedAlerts } from "../alerting/recorded-alerts.ts";
import type { RunningAlerts, RunningEngine, RunningGenerator } from "../parts.ts";
import { OpenWindowsView } from "./open-windows-view.ts";
import { pipelineView } from "./pipeline-view.ts";

/** The engine of this process, and the generator if there is one. */
export function engineSource(
  engine: RunningEngine,
  { generator, alerts }: { generator?: RunningGenerator | undefined; alerts: RunningAlerts },
  { clock, maxStateBytes }: { clock: Clock; maxStateBytes: number },
): PipelineSource {
  const open = new OpenWindowsView(engine, clock);
  let ended = false;
  const end = (): void => {
    ended = true;
  };
  engine.ended.then(end, end);
  return {
    pipeline() {
      const inspection = engine.inspect();
      return pipelineView({
        nowMs: clock.nowMs(),
        manifest: inspection.manifest,
        engineRuns: !ended,
        engine: { snapshot: engine.snapshot(), inspection, ended, maxStateBytes },
        producer: generator?.snapshot(),
        alerts: alerts.status(),
      });
    },
    openWindows: () => open.windows(),
  };
}

/** An output tree that no engine of this process writes. */
export function outputSource(output: string, clock: Clock): PipelineSource {
  return {
    async pipeline() {
      const manifest = await readManifest(output);
      const written = manifest && (await stat(join(output, "manifest.json")));
      return pipelineView({
        nowMs: clock.nowMs(),
        manifest,
        engineRuns: isStateLocked(
          manifest?.engine === "spark" ? checkpointsOf(output) : stateFolderOf(output),
        ),
        engine: undefined,
        producer: undefined,
        writtenAtMs: written && Math.trunc(written.mtimeMs),
        alerts: manifest && recordedAlerts(output, manifest),
      });
    },
    openWindows: () => undefined,
  };
}
