import { monotonicMs } from "./clock.js";

/** No more paintings than four a second, however fast news comes: numbers that can be read. */
const PAINT_EVERY_MS = 250;
/** Ages go on while nothing comes. */
const TICK_MS = 1_000;

/**
 * Calls `paint` soon after news, never more often than PAINT_EVERY_MS, and at least every second; not at all while the page
 * is hidden.
 * @param {() => void} paint
 */
export function paintScheduler(paint) {
  let paintedAtMs = Number.NEGATIVE_INFINITY;
  let waits = false;

  const run = () => {
    waits = false;
    if (document.hidden) return;
    paintedAtMs = monotonicMs();
    paint();
  };
  const soon = () => {
    if (waits || document.hidden) return;
    waits = true;
    const waitMs = Math.max(0, paintedAtMs + PAINT_EVERY_MS - monotonicMs());
    setTimeout(() => requestAnimationFrame(run), waitMs);
  };
  setInterval(soon, TICK_MS);
  document.addEventListener("visibilitychange", soon);
  return {
    soon,
    /** At once: what a person did shows without delay. */
    now: run,
  };
}
