import type { Clock } from "../../core/clock.ts";
import type { Terminal } from "../terminal.ts";
import { renderPlainLine } from "./plain-line.ts";
import type { PipelineSnapshot } from "./snapshot.ts";
import { renderView } from "./view.ts";

const REDRAW_MS = 100;
const PLAIN_LINE_MS = 5_000;

/** Shows a running pipeline until stopped: redrawn in place in a terminal, else a plain line every few seconds. */
export function showProgress(options: { terminal: Terminal; clock: Clock; read: () => PipelineSnapshot }): {
  stop(): Promise<void>;
} {
  const { terminal, clock, read } = options;
  const stopping = new AbortController();
  const draw = terminal.interactive
    ? () => terminal.show(renderView(read(), terminal))
    : () => terminal.write(`${renderPlainLine(read())}\n`);
  const everyMs = terminal.interactive ? REDRAW_MS : PLAIN_LINE_MS;
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await clock.sleep(everyMs, stopping.signal);
      draw();
    }
  };
  const ended = loop();
  return {
    async stop() {
      stopping.abort();
      await ended; // after a last look at the final state
      terminal.release();
    },
  };
}
