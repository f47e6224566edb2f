import type { Clock } from "../core/clock.ts";

/** What of `process` is needed to hear signals; handed in for tests. */
export interface SignalSource {
  on(signal: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  off(signal: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  exit(code: number): unknown;
}

/** Exit code of a program that Ctrl-C ended before its work was done. */
export const INTERRUPTED = 130;

/** `npm start` passes on a Ctrl-C that the terminal has delivered already: one press arrives twice within this time. */
const SAME_PRESS_MS = 300;

/**
 * The first Ctrl-C or SIGTERM asks for a stop in order, a second one exits at once with 130: state is safe at any point,
 * only the local Kafka may be left running.
 */
export function listenForStop(
  source: SignalSource,
  clock: Clock,
  onFirst: () => void,
): { stopRequested: AbortSignal } & Disposable {
  const controller = new AbortController();
  let firstMs = 0;
  const listener = (): void => {
    if (!controller.signal.aborted) {
      firstMs = clock.monotonicMs();
      controller.abort();
      onFirst();
    } else if (clock.monotonicMs() - firstMs > SAME_PRESS_MS) {
      source.exit(INTERRUPTED);
    }
  };
  source.on("SIGINT", listener);
  source.on("SIGTERM", listener);
  return {
    stopRequested: controller.signal,
    [Symbol.dispose]() {
      source.off("SIGINT", listener);
      source.off("SIGTERM", listener);
    },
  };
}

/** Resolves when the signal aborts, at once when it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
