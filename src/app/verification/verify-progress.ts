import type { Context } from "../context.ts";
import { formatCount } from "../numbers-for-people.ts";

const REDRAW_MS = 200;
const PLAIN_LINE_MS = 5_000;

/** Shows how far a verification is: a line redrawn in a terminal, else one every few seconds. */
export function verifyProgress({
  terminal,
  clock,
}: Pick<Context, "terminal" | "clock">): (recordsRead: number, recordsInAll: number) => void {
  const everyMs = terminal.interactive ? REDRAW_MS : PLAIN_LINE_MS;
  let shownMs = clock.monotonicMs();
  return (recordsRead, recordsInAll) => {
    const nowMs = clock.monotonicMs();
    if (nowMs - shownMs < everyMs) return;
    shownMs = nowMs;
    const line = `computed again ${formatCount(recordsRead)} of ${formatCount(recordsInAll)} events`;
    if (terminal.interactive) terminal.show(line);
    else terminal.write(`${line}\n`);
  };
}
