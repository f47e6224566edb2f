import { ClickstreamError } from "../../core/errors.ts";
import { stateFolderOf } from "../../engines/embedded/embedded-engine.ts";
import { type InspectedState, inspectState } from "../../engines/embedded/inspect-state.ts";
import { isStateLocked } from "../../engines/state-lock.ts";
import { readManifest } from "../../sinks/manifest-file.ts";

/** The state of an output, and whether somebody works on it. */
export interface Inspection extends InspectedState {
  engineRuns: boolean;
}

/**
 * Looks into the engine's state below an output folder. Changes nothing, and holds nobody up.
 * @throws ClickstreamError STATE_MISSING, STATE_OF_OTHER_ENGINE, STATE_FORMAT, STATE_UNREADABLE, MANIFEST_FORMAT
 */
export async function inspectOutput(output: string): Promise<Inspection> {
  const folder = stateFolderOf(output);
  const state = inspectState(folder);
  if (state !== undefined) return { engineRuns: isStateLocked(folder), ...state };
  if ((await readManifest(output))?.engine === "spark") {
    throw new ClickstreamError({
      code: "STATE_OF_OTHER_ENGINE",
      message: `The state of ${output} is Spark's, in files of its own.`,
      nextStep: "clickstream explain shows where its partitions stand.",
    });
  }
  throw new ClickstreamError({
    code: "STATE_MISSING",
    message: `There is no state in ${folder}.`,
    nextStep:
      "Name the folder that process or run writes to. If it has results, restore its state from a backup.",
  });
}
