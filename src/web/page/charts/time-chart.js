/** @import uPlot from "uplot" */
/** @import { ColourName } from "./colours.js" */
import { h, setAttribute } from "../base/dom.js";
import { UNKNOWN } from "../format/numbers.js";
import { formatMoment, formatTick } from "../format/times.js";
import { chartLegend } from "./chart-legend.js";
import { chartTable } from "./chart-table.js";
import { colour } from "./colours.js";
import { drawOpenWindows } from "./open-windows-hatch.js";
import { stacked } from "./stacking.js";

/** Loaded by a script of its own: the library is one file that sets a global. */
const Plot = /** @type {typeof uPlot} */ (/** @type {any} */ (globalThis).uPlot);

/**
 * @typedef {{ name: string, colour: ColourName }} SeriesLook
 * @typedef {object} TimeChartOptions
 * @property {string} label what it shows, for those who do not see it
 * @property {(value: number) => string} format
 * @property {(value: number) => string} [formatAxis]
 * @property {"lines" | "stack" | "shares"} [shape]
 * @property {number} [height]
 * @property {(timeMs: number) => string} [formatTime]
 * @property {number} [minSpanMs] time that it shows at least
 *
 * @typedef {object} TimeChartData
 * @property {readonly number[]} timesMs ascending
 * @property {readonly SeriesLook[]} looks
 * @property {readonly (readonly (number | null)[])[]} values by series, then by time
 * @property {number | null} openFromMs from here on values may still change
 */

/** Lines, stacked values or shares over time, with a legend that shows the values at the cursor. @param {TimeChartOptions} options */
export function timeChart({
  label,
  format,
  formatAxis = format,
  shape = "lines",
  height = 220,
  formatTime = formatMoment,
  minSpanMs = 0,
}) {
  const legend = chartLegend();
  const table = chartTable(label);
  const canvas = h("div", {
    class: "chart-canvas",
    tabindex: 0,
    role: "group",
    "aria-label": `${label}. Arrow keys move through time.`,
  });
  const node = h("figure", { class: "chart" }, legend.node, canvas, table.node);
  canvas.style.setProperty("--chart-height", `${height}px`);

  /** @type {uPlot | undefined} */
  let chart;
  /** @type {TimeChartData} */
  let data = { timesMs: [], looks: [], values: [], openFromMs: null };
  let looksKey = "";

  const readOut = () => {
    const index = chart?.cursor.idx ?? latestOf(data);
    const timeMs = data.timesMs[index];
    const total = shape === "shares" ? data.values.reduce((sum, part) => sum + (part[index] ?? 0), 0) : 1;
    legend.show({
      time: timeMs === undefined ? UNKNOWN : formatTime(timeMs),
      open: timeMs !== undefined && data.openFromMs !== null && timeMs >= data.openFromMs,
      entries: data.looks.map(({ name, colour: look }, part) => {
        const value = data.values[part]?.[index] ?? null;
        const shown = value === null || total === 0 ? null : value / (shape === "shares" ? total : 1);
        return { name, colour: look, value: shown === null ? UNKNOWN : format(shown) };
      }),
    });
  };

  const build = () => {
    chart?.destroy();
    const order = shape === "lines" ? data.looks : data.looks.toReversed();
    chart = new Plot(plotOptions(order), aligned(), canvas);
  };

  /** @param {readonly SeriesLook[]} order @returns {uPlot.Options} */
  const plotOptions = (order) => ({
    width: Math.max(120, canvas.clientWidth),
    height,
    padding: [10, 18, 0, 0],
    tzDate: (seconds) => Plot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { range: (_chart, min, max) => [Math.min(min, max - minSpanMs / 1000), max] },
      y: { range: (_chart, _min, max) => [0, shape === "shares" ? 1 : niceTop(max)] },
    },
    axes: [
      axis({
        space: 64,
        size: 30,
        values: (_chart, splits, _axis, _space, step) =>
          splits.map((seconds) => formatTick(seconds * 1000, step * 1000)),
      }),
      axis({ size: 52, space: 36, values: (_chart, splits) => splits.map(formatAxis) }),
    ],
    series: [{}, ...order.map(({ name, colour: look }) => seriesOf(name, look))],
    hooks: {
      draw: [(drawn) => data.openFromMs !== null && drawOpenWindows(drawn, data.openFromMs)],
      setCursor: [readOut],
    },
  });

  /** @param {string} name @param {ColourName} look @returns {uPlot.Series} */
  const seriesOf = (name, look) => ({
    label: name,
    stroke: () => (shape === "lines" ? colour(look) : colour("--surface")),
    width: shape === "lines" ? 2 : 1,
    points: { show: false },
    ...(shape === "lines"
      ? data.looks.length === 1
        ? { fill: () => colour(/** @type {ColourName} */ (`${look}-soft`)) }
        : {}
      : { fill: () => colour(/** @type {ColourName} */ (`${look}-fill`)) }),
  });

  /** @returns {uPlot.AlignedData} */
  const aligned = () => {
    const seconds = data.timesMs.map((timeMs) => timeMs / 1000);
    const values = shape === "lines" ? data.values : stacked(data.values, shape === "shares");
    return /** @type {uPlot.AlignedData} */ ([seconds, ...values]);
  };

  new ResizeObserver(([entry]) => {
    const width = Math.round(entry?.contentRect.width ?? 0);
    if (chart !== undefined && width > 0 && width !== chart.width) chart.setSize({ width, height });
  }).observe(canvas);
  document.addEventListener("themechange", () => chart?.redraw(false, true));
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || chart === undefined) return;
    event.preventDefault();
    const last = data.timesMs.length - 1;
    const index = Math.min(last, Math.max(0, (chart.cursor.idx ?? last) + step));
    chart.setCursor({ left: chart.valToPos((data.timesMs[index] ?? 0) / 1000, "x"), top: 0 });
  });
  canvas.addEventListener("focus", () => setAttribute(legend.node, "aria-live", "polite"));
  canvas.addEventListener("blur", () => {
    setAttribute(legend.node, "aria-live", null);
    chart?.setCursor({ left: -10, top: -10 });
  });

  return {
    node,
    /** @param {TimeChartData} next */
    paint(next) {
      data = next;
      const key = JSON.stringify(data.looks);
      if (canvas.clientWidth === 0) return;
      if (chart === undefined || key !== looksKey) build();
      else chart.setData(aligned());
      looksKey = key;
      readOut();
      table.paint({ ...data, format, formatTime });
    },
  };
}

/** @param {Partial<uPlot.Axis>} own @returns {uPlot.Axis} */
function axis(own) {
  return {
    stroke: () => colour("--ink-3"),
    font: '12px "Atkinson Hyperlegible Next Variable", system-ui, sans-serif',
    grid: { stroke: () => colour("--line"), width: 1 },
    ticks: { show: false },
    gap: 6,
    ...own,
  };
}

/** What the legend shows when nobody points at a time: the latest that is final. @param {TimeChartData} data */
function latestOf({ timesMs, openFromMs }) {
  const open = openFromMs === null ? -1 : timesMs.findIndex((timeMs) => timeMs >= openFromMs);
  return open > 0 ? open - 1 : timesMs.length - 1;
}

/** A top of the scale that stays the same while values move a little. @param {number | null} max */
function niceTop(max) {
  if (max === null || !(max > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(max));
  const top = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= max * 1.05) ?? 12;
  return top * power;
}
