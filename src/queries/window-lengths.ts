import { formatDuration } from "../core/durations.ts";
import type { QueryPlan, WindowLengths } from "./plan.ts";

/** Windows are named by whole seconds. */
const SHORTEST_MS = 1_000;
const LONGEST_MS = 36_500 * 86_400_000;
/** More slides a window than this cost memory and time that nobody expects: one slot a pane and window end. */
const MAX_SLIDES_PER_WINDOW = 1_440;

/** The windows of a query in a pipeline. */
export function windowsOf({ windows }: QueryPlan, pipeline: WindowLengths): WindowLengths {
  return windows ?? pipeline;
}

/** The different windows that the queries of a pipeline have, in the order of the queries. */
export function differentWindows(queries: readonly QueryPlan[], pipeline: WindowLengths): WindowLengths[] {
  const all = queries.map((query) => windowsOf(query, pipeline));
  return [...new Map(all.map((windows) => [`${windows.sizeMs}/${windows.slideMs}`, windows])).values()];
}

/** The windows that decide whether an event counts for a query: of whole sessions, the pane that holds it. */
export function countingWindowsOf(query: QueryPlan, pipeline: WindowLengths): WindowLengths {
  if (query.sessions === undefined) return windowsOf(query, pipeline);
  const { paneMs } = query.sessions;
  return { sizeMs: paneMs, slideMs: paneMs };
}

/** What can't be done with windows of these lengths, and what to do instead; undefined when all is well. */
export function windowsProblem(
  { sizeMs, slideMs }: WindowLengths,
  names: { window: string; slide: string },
): { what: string; nextStep: string } | undefined {
  const window = `${names.window} ${formatDuration(sizeMs)}`;
  const slide = `${names.slide} ${formatDuration(slideMs)}`;
  if (sizeMs < SHORTEST_MS || sizeMs > LONGEST_MS) {
    return {
      what: `${window} is too ${sizeMs < SHORTEST_MS ? "short" : "long"}`,
      nextStep: "Use 1s to 36500d.",
    };
  }
  if (slideMs <= 0 || slideMs % SHORTEST_MS !== 0) {
    return {
      what: `${slide} is not a whole number of seconds`,
      nextStep: "Windows are named by whole seconds.",
    };
  }
  if (sizeMs % slideMs !== 0) {
    return {
      what: `${slide} does not divide ${window}`,
      nextStep: `Choose a window that is a multiple of its slide, such as ${names.window} 5m ${names.slide} 1m.`,
    };
  }
  if (sizeMs / slideMs > MAX_SLIDES_PER_WINDOW) {
    return {
      what: `${window} holds more than ${MAX_SLIDES_PER_WINDOW} slides of ${formatDuration(slideMs)}`,
      nextStep: "Choose a longer slide.",
    };
  }
  return undefined;
}
