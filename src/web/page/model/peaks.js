/**
 * The busiest windows that do not overlap: the greatest first, then the greatest of those beside it, and so on.
 * @param {readonly { startMs: number, value: number }[]} windows
 * @param {number} sizeMs
 * @param {number} most
 */
export function peaksOf(windows, sizeMs, most) {
  const ranked = windows
    .filter(({ value }) => value > 0)
    .toSorted((a, b) => b.value - a.value || a.startMs - b.startMs);
  /** @type {{ startMs: number, value: number }[]} */
  const peaks = [];
  for (const window of ranked) {
    if (peaks.length === most) break;
    if (peaks.every(({ startMs }) => Math.abs(startMs - window.startMs) >= sizeMs)) peaks.push(window);
  }
  return peaks;
}
