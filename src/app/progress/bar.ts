import type { Style } from "../terminal.ts";

/** A bar of `width` characters of which `share` (0 to 1) is filled; half characters show small steps. */
export function bar(share: number, width: number, style: Style): string {
  const halves = Math.round(Math.min(1, Math.max(0, share || 0)) * width * 2);
  const full = Math.floor(halves / 2);
  const half = halves % 2;
  const rest = width - full - half;
  return style("cyan", "━".repeat(full) + "╸".repeat(half)) + style("dim", "─".repeat(rest));
}
