/** @import uPlot from "uplot" */
import { colour } from "./colours.js";

const LINE_EVERY_PX = 7;

/**
 * Draws over everything behind `openFromMs` that it may still change: faded, hatched, behind a dashed line.
 * @param {uPlot} chart
 * @param {number} openFromMs
 */
export function drawOpenWindows(chart, openFromMs) {
  const { ctx, bbox } = chart;
  const from = Math.max(bbox.left, chart.valToPos(openFromMs / 1000, "x", true));
  const right = bbox.left + bbox.width;
  if (from >= right) return;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(from, bbox.top, right - from, bbox.height);
  ctx.clip();
  ctx.globalAlpha = 0.55;
  ctx.fillStyle = colour("--surface");
  ctx.fillRect(from, bbox.top, right - from, bbox.height);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = colour("--hatch");
  ctx.lineWidth = scale;
  ctx.beginPath();
  for (let x = from - bbox.height; x < right; x += LINE_EVERY_PX * scale) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.strokeStyle = colour("--ink-3");
  ctx.setLineDash([3 * scale, 3 * scale]);
  ctx.beginPath();
  ctx.moveTo(from, bbox.top);
  ctx.lineTo(from, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}
