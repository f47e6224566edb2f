import type { Clock } from "../core/clock.ts";

const POLL_MS = 250;
const FIRST_BACK_OFF_MS = 250;
const LONGEST_BACK_OFF_MS = 30_000;
/** A process that lived this long starts again with the first back-off. */
const SETTLED_MS = 60_000;

/** What happens to a supervised process, for the log. */
export type SupervisionEvent =
  | { kind: "died"; pid: number | null; restartInMs: number }
  | { kind: "restarted"; pid: number }
  | { kind: "restart_failed"; reason: string }
  /** Somebody stopped it from another process: it is not restarted any more. */
  | { kind: "stopped_elsewhere" };

/** A process that shall live. */
export interface Supervised {
  /** Undefined when it is not wanted any more. */
  look(): { alive: boolean; pid: number | null } | undefined;
  /** Starts it again as it was, and returns its pid when it serves; undefined when it is not wanted any more. */
  restart(): Promise<number | undefined>;
}

/** Restarts a process whenever it is gone, with growing pauses, until the signal or until it is not wanted any more. */
export async function supervise(
  supervised: Supervised,
  options: { clock: Clock; signal: AbortSignal; onEvent: (event: SupervisionEvent) => void },
): Promise<void> {
  const { clock, onEvent, signal } = options;
  let backOffMs = FIRST_BACK_OFF_MS;
  let startedMs = clock.monotonicMs();
  while (!signal.aborted) {
    await clock.sleep(POLL_MS, signal);
    if (signal.aborted) return;
    const seen = supervised.look();
    if (seen === undefined) return onEvent({ kind: "stopped_elsewhere" });
    if (seen.alive) continue;
    if (clock.monotonicMs() - startedMs > SETTLED_MS) backOffMs = FIRST_BACK_OFF_MS;
    onEvent({ kind: "died", pid: seen.pid, restartInMs: backOffMs });
    await clock.sleep(backOffMs, signal);
    backOffMs = Math.min(2 * backOffMs, LONGEST_BACK_OFF_MS);
    startedMs = clock.monotonicMs();
    try {
      const pid = await supervised.restart();
      if (pid !== undefined) onEvent({ kind: "restarted", pid });
    } catch (error) {
      if (signal.aborted) return;
      onEvent({ kind: "restart_failed", reason: error instanceof Error ? error.message : String(error) });
    }
  }
}
