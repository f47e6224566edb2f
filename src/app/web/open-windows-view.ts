import type { Clock } from "../../core/clock.ts";
import type { OpenWindow } from "../../web/api.ts";
import type { WindowEnd } from "../../windows/open-windows.ts";
import type { TopRows } from "../../windows/top-rows.ts";
import type { RunningEngine } from "../parts.ts";

const MAX_WINDOWS = 30;
const ROWS = 20;
/** What the rows of one window have at most, as JSON: however long keys are, thirty windows stay below two megabytes. */
const MAX_WINDOW_BYTES = 64_000;
/** Looking takes at most this share of the thread that commits and closes windows. */
const MAX_SHARE = 0.02;

/**
 * The open windows as they are now, for people who look: one is looked at anew in each call that comes late enough, the one
 * that was not looked at for longest. A look costs about what closing the window costs.
 */
export class OpenWindowsView {
  private readonly engine: Pick<RunningEngine, "openEnds" | "lookAt">;
  private readonly clock: Clock;
  /** By group and end. */
  private seen = new Map<string, OpenWindow>();
  private nextLookAtMs = 0;

  constructor(engine: Pick<RunningEngine, "openEnds" | "lookAt">, clock: Clock) {
    this.engine = engine;
    this.clock = clock;
  }

  /** The newest of the open windows that have been looked at, ascending. */
  windows(): OpenWindow[] {
    const fromMs = this.clock.monotonicMs();
    if (fromMs >= this.nextLookAtMs) {
      const ends = this.engine.openEnds().slice(-MAX_WINDOWS);
      this.seen = new Map(ends.flatMap((window) => this.seenOf(window)));
      const stalest = ends.toSorted((a, b) => this.asOf(a) - this.asOf(b) || b.endMs - a.endMs)[0];
      if (stalest !== undefined) this.look(stalest);
      this.nextLookAtMs = fromMs + (this.clock.monotonicMs() - fromMs) / MAX_SHARE;
    }
    return [...this.seen.values()].toSorted((a, b) => a.endMs - b.endMs);
  }

  private look(window: WindowEnd): void {
    const found = this.engine.lookAt(window, ROWS);
    const row = [...found.values()].flatMap(({ rows }) => rows)[0];
    if (row === undefined) return;
    const startMs = Date.parse(String(row.window_start));
    this.seen.set(nameOf(window), {
      startMs,
      endMs: window.endMs,
      asOfMs: this.clock.nowMs(),
      queries: Object.fromEntries(
        [...found].map(([query, top]) => [query, within(top, MAX_WINDOW_BYTES / found.size)]),
      ),
    });
  }

  private seenOf(window: WindowEnd): [string, OpenWindow][] {
    const seen = this.seen.get(nameOf(window));
    return seen === undefined ? [] : [[nameOf(window), seen]];
  }

  private asOf(window: WindowEnd): number {
    return this.seen.get(nameOf(window))?.asOfMs ?? 0;
  }
}

/** The first rows, as many as there is room for. */
function within({ keys, rows }: TopRows, maxBytes: number): TopRows {
  let bytes = 0;
  const tooMuch = rows.findIndex((row) => {
    bytes += Buffer.byteLength(JSON.stringify(row));
    return bytes > maxBytes;
  });
  return { keys, rows: tooMuch === -1 ? rows : rows.slice(0, tooMuch) };
}

function nameOf({ group, endMs }: WindowEnd): string {
  return `${group}/${endMs}`;
}
